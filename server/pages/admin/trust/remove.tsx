import { removeTrustRule, restoreTrustRule } from "../../../admin/trust/remove_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { isUuid } from "../../../../shared/uuid.ts";
import { findTrustRule } from "../../../store/trust_rules.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatDuration } from "../../../../shared/duration.ts";
import { administrator } from "../administrator.ts";
import { Requirements, SavedRuleSentence } from "./sentence.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** GET /admin/trust/remove?name=… */
export async function showTrustRemoval(deps: PageDeps, c: PageContext): Promise<Response> {
  const rule = await findTrustRule(deps.sql, c.get("query")("name") ?? "");
  if (rule === undefined) return removedAlready(deps, c);
  return await confirmationPage(deps, c, {
    name: "remove_trust_rule",
    title: "Remove this rule?",
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    fields: { name: rule.name },
    confirm: "Remove rule",
    cancelPath: TRUST_PATH,
    children: (
      <>
        <p>
          <SavedRuleSentence rule={rule} />
        </p>
        <Requirements rule={rule} />
        <p>
          Workloads that match no other rule can no longer get access tokens. Tokens that were
          already issued stay valid until they expire, at most{" "}
          {formatDuration(rule.lifetimeSeconds)}. You can undo this for an hour.
        </p>
      </>
    ),
  });
}

/** POST /admin/trust/remove */
export async function submitTrustRemoval(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = c.get("form")("name") ?? "";
  const removed = await removeTrustRule(administrator(deps, c), { name });
  if (removed instanceof DomainError) return removedAlready(deps, c);
  setNotice(deps, c, {
    code: "rule_removed",
    text: `Removed the rule ${name}.`,
    undo: { label: "Undo", action: `${TRUST_PATH}/restore`, fields: { event: removed.event } },
  });
  return c.redirect(TRUST_PATH, 303);
}

/** POST /admin/trust/restore: undoes a removal. */
export async function submitTrustRestoration(deps: PageDeps, c: PageContext): Promise<Response> {
  const event = c.get("form")("event") ?? "";
  const admin = administrator(deps, c);
  const restored = isUuid(event)
    ? await restoreTrustRule(admin, { event })
    : new DomainError("invalid", "The form does not name a removed rule.");
  setNotice(
    deps,
    c,
    restored instanceof DomainError
      ? { code: "rule_not_restored", text: `The rule was not restored. ${restored.message}` }
      : { code: "rule_restored", text: `Restored the rule ${restored.name}.` },
  );
  return c.redirect(TRUST_PATH, 303);
}

export function removedAlready(deps: PageDeps, c: PageContext): Response {
  setNotice(deps, c, { code: "rule_already_removed", text: "This rule was already removed." });
  return c.redirect(TRUST_PATH, 303);
}

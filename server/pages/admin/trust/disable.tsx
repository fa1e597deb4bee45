import { formatDuration } from "../../../../shared/duration.ts";
import { setRuleDisabled } from "../../../admin/trust/disable_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { findTrustRule } from "../../../store/trust_rules.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { administrator } from "../administrator.ts";
import { removedAlready } from "./remove.tsx";
import { SavedRuleSentence } from "./sentence.tsx";
import { TRUST_PATH } from "./step_path.ts";

/** GET /admin/trust/disable?name=… and /admin/trust/enable?name=… */
export async function showRuleDisabling(deps: PageDeps, c: PageContext): Promise<Response> {
  const rule = await findTrustRule(deps.sql, c.get("query")("name") ?? "");
  if (rule === undefined) return removedAlready(deps, c);
  const disabling = isDisabling(c);
  return await confirmationPage(deps, c, {
    name: disabling ? "disable_trust_rule" : "enable_trust_rule",
    title: disabling ? "Disable this rule?" : "Enable this rule?",
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    fields: { name: rule.name },
    confirm: disabling ? "Disable rule" : "Enable rule",
    harmless: !disabling,
    cancelPath: TRUST_PATH,
    children: (
      <>
        <p>
          <SavedRuleSentence rule={rule} />
        </p>
        <p>
          {disabling
            ? "Workloads that match no other rule get no more access tokens until you enable the rule. " +
              "Tokens that were already issued stay valid until they expire, at most " +
              `${formatDuration(rule.lifetimeSeconds)}.`
            : "Its workloads can get access tokens at once."}
        </p>
      </>
    ),
  });
}

/** POST /admin/trust/disable and /admin/trust/enable */
export async function submitRuleDisabling(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = c.get("form")("name") ?? "";
  const disabled = isDisabling(c);
  const result = await setRuleDisabled(
    administrator(deps, c),
    { name, disabled },
  );
  if (result instanceof DomainError) return removedAlready(deps, c);
  setNotice(
    deps,
    c,
    disabled
      ? { code: "rule_disabled", text: `Disabled the rule ${name}.` }
      : { code: "rule_enabled", text: `Enabled the rule ${name}.` },
  );
  return c.redirect(TRUST_PATH, 303);
}

function isDisabling(c: PageContext): boolean {
  return c.req.path === `${TRUST_PATH}/disable`;
}

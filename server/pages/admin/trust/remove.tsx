import { listAllTrustRules } from "../../../admin/trust/list_rules.ts";
import { describeCondition } from "../../../federation/condition.ts";
import { removeTrustRule, restoreTrustRule } from "../../../admin/trust/remove_rule.ts";
import { DomainError } from "../../../domain_error.ts";
import { isUuid } from "../../../../shared/uuid.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { Fact } from "../../ui/facts.tsx";
import { formatDuration } from "../../../../shared/duration.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

const BACK = "/admin/trust";

/** GET /admin/trust/remove?name=… */
export async function showTrustRemoval(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = c.req.query("name");
  const rule = (await listAllTrustRules(deps, {})).find((rule) => rule.name === name);
  if (rule === undefined) return removedAlready(deps, c);
  return await confirmationPage(deps, c, {
    name: "remove_trust_rule",
    title: "Remove this rule?",
    fields: { name: rule.name },
    confirm: "Remove rule",
    cancelPath: BACK,
    children: (
      <>
        <dl>
          <Fact name="Rule">
            <UntrustedText text={rule.name} max={100} />
          </Fact>
          <Fact name="Trusts">
            <UntrustedText text={rule.issuer} max={200} />
          </Fact>
          <Fact name="Where">
            <ul class="scopes">
              {rule.conditions.map(describeCondition).map((condition) => (
                <li>
                  <UntrustedText text={condition} max={300} />
                </li>
              ))}
            </ul>
          </Fact>
          <Fact name="Grants">
            <UntrustedText text={rule.scope} max={256} /> as{" "}
            <UntrustedText text={rule.actsAs} max={100} />
          </Fact>
        </dl>
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
  const removed = await removeTrustRule({ ...deps, actor: signedInSession(c).user.id }, { name });
  if (removed instanceof DomainError) return removedAlready(deps, c);
  setNotice(deps, c, {
    code: "rule_removed",
    text: `Removed the rule ${name}.`,
    undo: { label: "Undo", action: `${BACK}/restore`, fields: { event: removed.event } },
  });
  return c.redirect(BACK, 303);
}

/** POST /admin/trust/restore: undoes a removal. */
export async function submitTrustRestoration(deps: PageDeps, c: PageContext): Promise<Response> {
  const event = c.get("form")("event") ?? "";
  const admin = { ...deps, actor: signedInSession(c).user.id };
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
  return c.redirect(BACK, 303);
}

function removedAlready(deps: PageDeps, c: PageContext): Response {
  setNotice(deps, c, { code: "rule_already_removed", text: "This rule was already removed." });
  return c.redirect(BACK, 303);
}

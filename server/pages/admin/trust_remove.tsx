import { OperationError } from "../../admin/operation.ts";
import {
  listAllTrustRules,
  removeTrustRule,
  restoreTrustRule,
} from "../../admin/trust_operations.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Fact, uuid } from "../device/confirm.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageContext, PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { inWords } from "../tokens/expiry.tsx";

const BACK = "/admin/trust";

/** GET /admin/trust/remove?name=…: asks, and says what stops. */
export async function showTrustRemoval(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = c.req.query("name");
  const rule = (await listAllTrustRules(deps, {})).find((one) => one.name === name);
  if (rule === undefined) return removedAlready(deps, c);
  return await confirmationPage(deps, c, {
    title: "Remove this rule?",
    fields: { name: rule.name },
    confirm: "Remove it",
    keep: { words: "Keep it", href: BACK },
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
              {rule.conditions.map((condition) => (
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
          Jobs and workloads that only this rule lets in get no more tokens: their next run fails.
          Tokens that they hold work until they expire, at most{" "}
          {inWords(rule.lifetimeSeconds)}. You can undo this for an hour.
        </p>
      </>
    ),
  });
}

/** POST /admin/trust/remove */
export async function submitTrustRemoval(deps: PageDeps, c: PageContext): Promise<Response> {
  const name = c.get("form")("name") ?? "";
  const operator = { ...deps, actor: signedInSession(c).user.id };
  try {
    const { event } = await removeTrustRule(operator, { name });
    setNotice(deps, c, {
      text: `Removed the rule ${name}.`,
      undo: { label: "Undo", action: `${BACK}/restore`, fields: { event } },
    });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return removedAlready(deps, c);
  }
  return c.redirect(BACK, 303);
}

/** POST /admin/trust/restore: undoes a removal. */
export async function submitTrustRestoration(deps: PageDeps, c: PageContext): Promise<Response> {
  const event = uuid(c.get("form")("event"));
  const operator = { ...deps, actor: signedInSession(c).user.id };
  try {
    if (event === undefined) throw new OperationError("this is not the form of a removed rule");
    const { name } = await restoreTrustRule(operator, { event });
    setNotice(deps, c, { text: `The rule ${name} is back as it was.` });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    setNotice(deps, c, { text: `Not restored: ${error.message}.` });
  }
  return c.redirect(BACK, 303);
}

function removedAlready(deps: PageDeps, c: PageContext): Response {
  setNotice(deps, c, { text: "This rule has been removed already." });
  return c.redirect(BACK, 303);
}

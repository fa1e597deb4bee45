import { OperationError } from "../../admin/operation.ts";
import {
  listAllTrustRules,
  removeTrustRule,
  restoreTrustRule,
} from "../../admin/trust_operations.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Fact, uuid } from "../device/confirm.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { leaveNotice } from "../http/notice.ts";
import type { PageContext, PageParts } from "../render.tsx";
import { questionPage } from "../ui/question.tsx";
import { inWords } from "../tokens/expiry.tsx";

const BACK = "/admin/trust";

/** GET /admin/trust/remove?name=…: asks, and says what stops. */
export async function showTrustRemoval(parts: PageParts, c: PageContext): Promise<Response> {
  const name = c.req.query("name");
  const rule = (await listAllTrustRules(parts, {})).find((one) => one.name === name);
  if (rule === undefined) return removedAlready(parts, c);
  return await questionPage(parts, c, {
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
export async function submitTrustRemoval(parts: PageParts, c: PageContext): Promise<Response> {
  const name = c.get("form")("name") ?? "";
  const operator = { ...parts, actor: signedInSession(c).user.id };
  try {
    const { event } = await removeTrustRule(operator, { name });
    leaveNotice(parts, c, {
      text: `Removed the rule ${name}.`,
      undo: { label: "Undo", action: `${BACK}/restore`, fields: { event } },
    });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return removedAlready(parts, c);
  }
  return c.redirect(BACK, 303);
}

/** POST /admin/trust/restore: undoes a removal. */
export async function submitTrustRestoration(parts: PageParts, c: PageContext): Promise<Response> {
  const event = uuid(c.get("form")("event"));
  const operator = { ...parts, actor: signedInSession(c).user.id };
  try {
    if (event === undefined) throw new OperationError("this is not the form of a removed rule");
    const { name } = await restoreTrustRule(operator, { event });
    leaveNotice(parts, c, { text: `The rule ${name} is back as it was.` });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    leaveNotice(parts, c, { text: `Not restored: ${error.message}.` });
  }
  return c.redirect(BACK, 303);
}

function removedAlready(parts: PageParts, c: PageContext): Response {
  leaveNotice(parts, c, { text: "This rule has been removed already." });
  return c.redirect(BACK, 303);
}

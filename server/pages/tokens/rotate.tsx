import type { FormParameters } from "../../http/form.ts";
import type { CreatedToken } from "../../pats/create.ts";
import { findOwner } from "../../pats/owner.ts";
import { rotateToken } from "../../pats/rotate.ts";
import { DomainError } from "../../domain_error.ts";
import {
  ErrorSummary,
  Field,
  fieldState,
  type FormProblem,
  formTitle,
} from "../ui/form_problems.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import {
  alreadyCreatedPage,
  IdempotencyKey,
  idempotencyKeyOf,
  OUT_OF_DATE,
} from "../http/idempotency.tsx";
import { page, type PageContext, type PageParts } from "../render.tsx";
import { ExpiryFields, readExpiry, tokenProblem } from "./expiry.tsx";
import { madeTokenPage } from "./created.tsx";
import type { ReachableToken } from "./show.tsx";
import { isLiving, TokenName, TokenStart } from "./components.tsx";

/** Times in seconds that the old token may live on. */
const OVERLAPS: [seconds: number, words: string][] = [
  [0, "ends at once"],
  [3600, "works for one more hour"],
  [86_400, "works for one more day"],
  [7 * 86_400, "works for one more week"],
  [30 * 86_400, "works for 30 more days"],
];
const USUAL_OVERLAP = "86400";

/** GET /tokens/{id}/rotate */
export async function showTokenRotation(parts: PageParts, c: PageContext): Promise<Response> {
  return await rotationPage(parts, c, c.get("reachedToken"), {});
}

/** POST /tokens/{id}/rotate: makes the successor and shows it, this once. */
export async function submitTokenRotation(parts: PageParts, c: PageContext): Promise<Response> {
  const reached = c.get("reachedToken");
  const form = c.get("form");
  const overlap = Number(form("overlap") ?? USUAL_OVERLAP);
  const now = parts.clock.now();
  const newId = idempotencyKeyOf(parts, c);
  if (newId === undefined) {
    return await rotationPage(parts, c, reached, { problems: [{ message: OUT_OF_DATE }], form });
  }
  const made = await rotateFromForm(parts, c, reached, { form, overlap, newId });
  if (made instanceof DomainError) {
    return await alreadyCreatedPage(parts, c, newId) ??
      await rotationPage(parts, c, reached, { problems: [tokenProblem(made, form)], form });
  }
  const { expiresAt } = reached.token;
  const oldEndsAt = Math.min(now + overlap * 1000, expiresAt?.getTime() ?? Infinity);
  return await madeTokenPage(parts, c, made, new Date(oldEndsAt));
}

async function rotateFromForm(
  parts: PageParts,
  c: PageContext,
  { token, session }: ReachableToken,
  { form, overlap, newId }: { form: FormParameters; overlap: number; newId: string },
): Promise<CreatedToken | DomainError> {
  const lifetime = readExpiry(form, parts.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  const owner = await findOwner(parts.sql, token.owner);
  if (owner === undefined) return new DomainError("not_found", "Its owner is gone.");
  return await rotateToken(parts, {
    id: token.id,
    newId,
    owner,
    overlap,
    lifetime,
    actor: { id: session.user.id, address: c.get("requester").address },
  });
}

async function rotationPage(
  parts: PageParts,
  c: PageContext,
  { token }: ReachableToken,
  { problems = [], form }: { problems?: readonly FormProblem[]; form?: FormParameters },
): Promise<Response> {
  const now = parts.clock.now();
  if (problems.length === 0 && !isLiving(token, now)) {
    return c.redirect(`/tokens/${token.id}`, 303);
  }
  const chosen = form?.("overlap") ?? USUAL_OVERLAP;
  return await page(parts, c, {
    title: formTitle("Rotate a token", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <h1>Rotate this token</h1>
        <ErrorSummary problems={problems} />
        <p>
          <strong>
            <TokenName token={token} />
          </strong>{" "}
          (<TokenStart token={token} />) gets a successor with a new secret and the same name,
          scopes and addresses.
        </p>
        <form
          class="form"
          method="post"
          action={`/tokens/${token.id}/rotate`}
        >
          <CsrfField token={csrfToken(parts, c)} />
          <IdempotencyKey form={form} />
          <Field
            id="overlap"
            label="The old one"
            hint="Long enough to put the new one wherever the old one is used. If the old one leaked, let it end at once."
            problems={problems}
          >
            <select
              id="overlap"
              name="overlap"
              {...fieldState(problems, "overlap", { hint: true })}
            >
              {OVERLAPS.map(([seconds, words]) => (
                <option value={String(seconds)} selected={chosen === String(seconds)}>
                  {words}
                </option>
              ))}
            </select>
          </Field>
          <ExpiryFields
            policy={parts.config.personalAccessTokens}
            form={form}
            now={now}
            problems={problems}
            asBefore="after as long as the old one"
          />
          <button class="main" type="submit">Rotate</button>
        </form>
      </main>
    ),
  });
}

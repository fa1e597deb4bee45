import type { FormParameters } from "../../http/form.ts";
import type { CreatedToken } from "../../pats/create.ts";
import { findOwner } from "../../pats/owner.ts";
import { rotateToken } from "../../pats/rotate.ts";
import { DomainError } from "../../domain_error.ts";
import { ErrorSummary, Field, fieldState, type FormProblem, formTitle } from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import {
  alreadyCreatedPage,
  IdempotencyKey,
  idempotencyKeyOf,
  OUT_OF_DATE,
} from "../http/idempotency.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { ExpiryFields, readExpiry, toTokenFormProblem } from "./expiry.tsx";
import { createdTokenPage } from "./created.tsx";
import type { TokenAccess } from "./show.tsx";
import { isActive, TokenName, TokenPrefix } from "./components.tsx";

/** Times in seconds that the old token may live on. */
const OVERLAPS: [seconds: number, words: string][] = [
  [0, "ends at once"],
  [3600, "works for one more hour"],
  [86_400, "works for one more day"],
  [7 * 86_400, "works for one more week"],
  [30 * 86_400, "works for 30 more days"],
];
const DEFAULT_OVERLAP = "86400";

/** GET /tokens/{id}/rotate */
export async function showRotateToken(deps: PageDeps, c: PageContext): Promise<Response> {
  return await rotateTokenPage(deps, c, c.get("tokenAccess"), {});
}

/** POST /tokens/{id}/rotate: makes the successor and shows it, this once. */
export async function submitRotateToken(deps: PageDeps, c: PageContext): Promise<Response> {
  const access = c.get("tokenAccess");
  const form = c.get("form");
  const overlap = Number(form("overlap") ?? DEFAULT_OVERLAP);
  const now = deps.clock.now();
  const newId = idempotencyKeyOf(deps, c);
  if (newId === undefined) {
    return await rotateTokenPage(deps, c, access, { problems: [{ message: OUT_OF_DATE }], form });
  }
  const made = await rotateFromForm(deps, c, access, { form, overlap, newId });
  if (made instanceof DomainError) {
    return await alreadyCreatedPage(deps, c, newId) ??
      await rotateTokenPage(deps, c, access, { problems: [toTokenFormProblem(made, form)], form });
  }
  const { expiresAt } = access.token;
  const oldEndsAt = Math.min(now + overlap * 1000, expiresAt?.getTime() ?? Infinity);
  return await createdTokenPage(deps, c, made, new Date(oldEndsAt));
}

async function rotateFromForm(
  deps: PageDeps,
  c: PageContext,
  { token, session }: TokenAccess,
  { form, overlap, newId }: { form: FormParameters; overlap: number; newId: string },
): Promise<CreatedToken | DomainError> {
  const lifetime = readExpiry(form, deps.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  const owner = await findOwner(deps.sql, token.owner);
  if (owner === undefined) return new DomainError("not_found", "Its owner is gone.");
  return await rotateToken(deps, {
    id: token.id,
    newId,
    owner,
    overlap,
    lifetime,
    actor: { id: session.user.id, address: c.get("requester").address },
  });
}

async function rotateTokenPage(
  deps: PageDeps,
  c: PageContext,
  { token }: TokenAccess,
  { problems = [], form }: { problems?: readonly FormProblem[]; form?: FormParameters },
): Promise<Response> {
  const now = deps.clock.now();
  if (problems.length === 0 && !isActive(token, now)) {
    return c.redirect(`/tokens/${token.id}`, 303);
  }
  const chosen = form?.("overlap") ?? DEFAULT_OVERLAP;
  return await renderPage(deps, c, {
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
          (<TokenPrefix token={token} />) gets a successor with a new secret and the same name,
          scopes and addresses.
        </p>
        <form
          class="form"
          method="post"
          action={`/tokens/${token.id}/rotate`}
        >
          <CsrfField token={csrfToken(deps, c)} />
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
            policy={deps.config.personalAccessTokens}
            form={form}
            now={now}
            problems={problems}
            unchangedLabel="after as long as the old one"
          />
          <button class="main" type="submit">Rotate</button>
        </form>
      </main>
    ),
  });
}

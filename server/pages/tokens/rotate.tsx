import type { ServerConfig } from "../../config/server_config.ts";
import { DomainError } from "../../domain_error.ts";
import type { FormParameters } from "../../http/form.ts";
import type { CreatedToken } from "../../pats/create.ts";
import { findOwner } from "../../pats/owner.ts";
import { rotateToken, type RotateTokenDeps } from "../../pats/rotate.ts";
import type { PageContext } from "../context.ts";
import { toFormProblem } from "../http/form_problem.ts";
import {
  alreadyCreatedPage,
  idempotentTokenId,
  MISSING_IDEMPOTENCY_KEY,
} from "../http/idempotency.tsx";
import type { RenderDeps } from "../render.tsx";
import { OverlapField, readOverlap } from "../ui/overlap_field.tsx";
import type { TokenAccess } from "./access.tsx";
import { isActive, TokenName, TokenPrefix } from "./components.tsx";
import { createdTokenPage } from "./created.tsx";
import { tokenCrumbs } from "./crumbs.ts";
import { readExpiry, tokenFieldIds } from "./expiry.tsx";
import type { SubmittedForm } from "../ui/form_page.tsx";
import { tokenFormPage } from "./token_form.tsx";

type RotateTokenPageDeps = RenderDeps & RotateTokenDeps & {
  config: Pick<ServerConfig, "personalAccessTokens">;
};

/** GET /tokens/{id}/rotate */
export async function showRotateToken(
  deps: RotateTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  const { token } = c.get("tokenAccess");
  if (!isActive(token, deps.clock.now())) return c.redirect(`/tokens/${token.id}`, 303);
  return await rotateTokenPage(deps, c, {});
}

/** POST /tokens/{id}/rotate: creates the successor and responds with its secret. */
export async function submitRotateToken(
  deps: RotateTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  const { token, session } = c.get("tokenAccess");
  const form = c.get("form");
  const overlap = readOverlap(form);
  const now = deps.clock.now();
  const newId = idempotentTokenId(deps, c);
  if (newId === undefined) {
    return await rotateTokenPage(deps, c, { form, problems: [MISSING_IDEMPOTENCY_KEY] });
  }
  const actor = { id: session.user.id, address: c.get("requester").address };
  const created = await rotateFromForm(deps, { token, form, overlap, newId, actor });
  if (created instanceof DomainError) {
    return await alreadyCreatedPage(deps, c, newId) ??
      await rotateTokenPage(deps, c, {
        form,
        problems: [toFormProblem(created, tokenFieldIds(form))],
      });
  }
  const previousExpiresAt = Math.min(now + overlap * 1000, token.expiresAt?.getTime() ?? Infinity);
  return await createdTokenPage(deps, c, created, new Date(previousExpiresAt));
}

async function rotateFromForm(
  deps: RotateTokenPageDeps,
  { token, form, overlap, newId, actor }: {
    token: TokenAccess["token"];
    form: FormParameters;
    overlap: number;
    newId: string;
    actor: { id: string; address: string };
  },
): Promise<CreatedToken | DomainError> {
  const lifetime = readExpiry(form, deps.clock.now());
  if (lifetime instanceof DomainError) return lifetime;
  const owner = await findOwner(deps.sql, token.owner);
  if (owner === undefined) {
    return new DomainError("not_found", "The owner of the token no longer exists. Revoke it.");
  }
  return await rotateToken(deps, { id: token.id, newId, owner, overlap, lifetime, actor });
}

async function rotateTokenPage(
  deps: RotateTokenPageDeps,
  c: PageContext,
  submitted: SubmittedForm,
): Promise<Response> {
  const { token, isOwn } = c.get("tokenAccess");
  return await tokenFormPage(deps, c, {
    name: "rotate_token",
    title: "Rotate token",
    breadcrumbs: tokenCrumbs(token, isOwn),
    intro: (
      <p>
        <strong>
          <TokenName token={token} />
        </strong>{" "}
        (<TokenPrefix token={token} />) gets a new secret. Its name, scopes and allowed IP addresses
        stay the same.
      </p>
    ),
    before: <OverlapField label="Previous token" {...submitted} />,
    policy: deps.config.personalAccessTokens,
    now: deps.clock.now(),
    unchangedLabel: "After the same lifetime as before",
    submit: "Rotate token",
  }, submitted);
}

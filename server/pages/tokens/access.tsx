import { DomainError } from "../../domain_error.ts";
import {
  type AccessibleToken,
  checkMayEdit,
  checkMayRotate,
  findAccessibleToken,
} from "../../pats/access.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { errorPage, toPageError } from "../http/error_page.tsx";
import type { RenderDeps } from "../render.tsx";

/** The token in the path, and what the user may do with it. */
export interface TokenAccess extends AccessibleToken {
  session: Session;
}

/** Returns the token in the path, or the error page if the user may not see it. */
export async function findTokenAccess(
  deps: RenderDeps & { sql: Sql },
  c: PageContext,
  session: Session,
): Promise<TokenAccess | Response> {
  const access = await findAccessibleToken(deps.sql, session.user, c.req.param("id") ?? "");
  if (!(access instanceof DomainError)) return { ...access, session };
  return await errorPage(
    deps,
    c,
    toPageError(access, {
      id: "token_not_found",
      title: "Token not found",
      children: (
        <p>
          The token does not exist, or it belongs to another user.{" "}
          <a href="/tokens">View your tokens</a>
        </p>
      ),
    }),
  );
}

/** The error page for an administrator who may not rotate another user's token. */
export async function refuseRotation(
  deps: RenderDeps,
  c: PageContext,
  access: TokenAccess,
): Promise<Response | undefined> {
  const error = checkMayRotate(access);
  if (error === undefined) return undefined;
  return await errorPage(
    deps,
    c,
    toPageError(error, {
      id: "rotation_forbidden",
      title: "Only the owner can rotate this token",
      children: (
        <p>
          The new secret would let you act as the owner. You can{" "}
          <a href={`/tokens/${access.token.id}/revoke`}>revoke the token</a> instead.
        </p>
      ),
    }),
  );
}

/** The error page for an administrator who may not edit another user's token. */
export async function refuseEdit(
  deps: RenderDeps,
  c: PageContext,
  access: TokenAccess,
): Promise<Response | undefined> {
  const error = checkMayEdit(access);
  if (error === undefined) return undefined;
  return await errorPage(
    deps,
    c,
    toPageError(error, {
      id: "edit_forbidden",
      title: "Only the owner can edit this token",
      children: (
        <p>
          To stop its use, you can{" "}
          <a href={`/tokens/${access.token.id}/revoke`}>revoke the token</a>.
        </p>
      ),
    }),
  );
}

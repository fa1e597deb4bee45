import { brand } from "../../../shared/brand.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { PageContext } from "../context.ts";
import { revokeAllPath } from "../tokens/revoke_all.tsx";
import { type TokenListDeps, tokenListPage } from "../tokens/token_list_page.tsx";
import { readView, type TokenView } from "../tokens/view.ts";

/** GET /admin/tokens: the tokens of all owners, or of one. */
export async function showAllTokens(deps: TokenListDeps, c: PageContext): Promise<Response> {
  const owner = c.get("query")("owner") ?? "";
  const ownerId = isUuid(owner) ? owner : undefined;
  const view: TokenView = { ...readView(c), path: "/admin/tokens", ownerId };
  return await tokenListPage(deps, c, {
    name: "admin_tokens",
    title: "All tokens",
    view,
    lead: ownerId === undefined ? "Personal access tokens of all users and service accounts." : (
      <>
        This list shows the tokens of one owner. <a href={view.path}>Show all tokens</a>
      </>
    ),
    actions: (tokens) =>
      ownerId !== undefined && view.show !== "inactive" && tokens.length > 0 && (
        <a class="button" href={revokeAllPath(ownerId)}>Revoke all tokens of this owner</a>
      ),
    empty: (
      <p>
        Users create their tokens on the page “Tokens”, and{" "}
        <code>{`${brand.binaryName} pat create NAME --owner ACCOUNT`}</code>{" "}
        creates one for a service account.
      </p>
    ),
  });
}

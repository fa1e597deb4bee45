import { brand } from "../../../shared/brand.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Command } from "../ui/command.tsx";
import { hasExpiringToken } from "./expiring.ts";
import { type TokenListDeps, tokenListPage } from "./token_list_page.tsx";
import { readView, type TokenView, viewUrl } from "./view.ts";

/** GET /tokens: the user's own tokens. */
export async function showTokens(deps: TokenListDeps, c: PageContext): Promise<Response> {
  const ownerId = signedInSession(c).user.id;
  const view: TokenView = { ...readView(c), path: "/tokens", ownerId };
  return await tokenListPage(deps, c, {
    name: "tokens",
    title: "Personal access tokens",
    view,
    lead: "Scripts and CI jobs use personal access tokens to act as you. Create a separate token " +
      "for each of them, with only the scopes that it needs.",
    actions: () => <a class="button primary" href="/tokens/new">Create token</a>,
    intro: view.show === undefined && await hasExpiringToken(deps, ownerId) && (
      <p class="warning" id="expiring-tokens">
        Some of your tokens expire soon.{" "}
        <a href={viewUrl({ path: view.path, show: "expiring" })}>Show expiring tokens</a>
      </p>
    ),
    empty: (
      <>
        <p>
          A token is for programs that cannot log in themselves, such as a nightly job. Where a
          program runs in a CI service, a trusted workload needs no stored secret at all. Create the
          first token here or in a terminal:
        </p>
        <Command>{`${brand.binaryName} pat create --name nightly-build --scope openid`}</Command>
      </>
    ),
  });
}

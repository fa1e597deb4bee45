import type { Clock } from "../../../shared/clock.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { CreatedToken } from "../../pats/create.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Fact } from "../ui/facts.tsx";
import { TimeUntil } from "../ui/relative_time.tsx";
import { SecretField } from "../ui/secret_field.tsx";
import { TokenName, TokenScopes, TokenStatus } from "./components.tsx";

interface CreatedTokenDeps extends RenderDeps {
  clock: Clock;
  catalog: Pick<ResourceCatalog, "scopes">;
}

/**
 * Shows a new token with its secret. This is the response to the POST: a redirect would require
 * storing the secret.
 */
export async function createdTokenPage(
  deps: CreatedTokenDeps,
  c: PageContext,
  { secret, token }: CreatedToken,
  /** Of the token that was rotated. */
  previousExpiresAt?: Date,
): Promise<Response> {
  const now = deps.clock.now();
  return await renderPage(deps, c, {
    name: "token_created",
    title: "Copy your new token",
    breadcrumbs: [{ path: "/tokens", label: "Tokens" }],
    children: (
      <main class="wide">
        <h1>Copy your new token</h1>
        <SecretField
          label="Token"
          secret={secret}
          hint="Click the token to select it. Store it in your CI system or another secret manager."
        />
        <div class="warning">
          <p>
            <strong>You cannot see this token again.</strong>{" "}
            The server stores only a hash of it. If you lose the token, rotate it.
          </p>
        </div>
        <h2>Details</h2>
        <dl>
          <Fact name="Name">
            <TokenName token={token} />
          </Fact>
          <Fact name="Scopes">
            <TokenScopes scope={token.scope} catalog={deps.catalog.scopes()} />
          </Fact>
          <Fact name="Status">
            <TokenStatus token={token} now={now} dated />
          </Fact>
          {token.allowedAddresses.length > 0 && (
            <Fact name="IP addresses">{token.allowedAddresses.join(", ")}</Fact>
          )}
          {previousExpiresAt !== undefined && (
            <Fact name="Previous token">
              <PreviousTokenStatus expiresAt={previousExpiresAt} now={now} />
            </Fact>
          )}
        </dl>
        <p>
          <a class="button" href="/tokens">Done</a>
        </p>
      </main>
    ),
  });
}

function PreviousTokenStatus({ expiresAt, now }: { expiresAt: Date; now: number }) {
  if (expiresAt.getTime() <= now) return <>Expired</>;
  return (
    <>
      Expires <TimeUntil at={expiresAt} now={now} dated />. Replace it wherever it is used.
    </>
  );
}

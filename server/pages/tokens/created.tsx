import { raw } from "hono/html";
import type { CreatedToken } from "../../pats/create.ts";
import { copyScript, copyScriptHash } from "./copy_button.ts";
import { Fact } from "../device/confirm.tsx";
import { TimeUntil } from "../ui/relative_time.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { contentSecurityPolicy } from "../http/security_headers.ts";
import { TokenName, TokenScopes, TokenStatus } from "./components.tsx";

/**
 * Shows a token that was just made. It answers the POST itself: to come here by a
 * redirect, the secret would have to be kept somewhere in between.
 */
export async function createdTokenPage(
  deps: PageDeps,
  c: PageContext,
  { secret, token }: CreatedToken,
  /** When the token that it replaces ends. */
  oldEndsAt?: Date,
): Promise<Response> {
  const now = deps.clock.now();
  c.header("Content-Security-Policy", contentSecurityPolicy(copyScriptHash));
  return await renderPage(deps, c, {
    title: "Copy your new token",
    children: (
      <main class="wide">
        <h1>Copy your new token</h1>
        <div class="field">
          <label for="secret">The token</label>
          <div class="secret code">
            {/* Without the script too: the tab key selects the field whole, a click what lies over it. */}
            <input
              id="secret"
              readonly
              autocomplete="off"
              spellcheck={false}
              translate="no"
              value={secret}
              aria-describedby="secret-hint"
            />
            <span aria-hidden="true" translate="no">{secret}</span>
          </div>
          <div class="copy">
            <button id="copy" type="button" hidden>Copy</button>
            <span id="copied" role="status"></span>
          </div>
          <p class="hint" id="secret-hint">
            A click, or the tab key, selects it whole. Copy it, and put it where your CI keeps
            secrets.
          </p>
          <script>{raw(copyScript)}</script>
        </div>
        <div class="care">
          <p>
            <strong>It is shown this once.</strong>{" "}
            This server keeps only a hash of it, to know it again by. So nobody can read it here
            later: not you, not us, not a thief of the database. If you lose it, rotate it.
          </p>
        </div>
        <h2>What you made</h2>
        <dl>
          <Fact name="Name">
            <TokenName token={token} />
          </Fact>
          <Fact name="May">
            <TokenScopes scope={token.scope} catalogue={deps.config.scopes} />
          </Fact>
          <Fact name="End">
            <TokenStatus token={token} now={now} dated />
          </Fact>
          {token.allowedAddresses.length > 0 && (
            <Fact name="Works from">{token.allowedAddresses.join(", ")}</Fact>
          )}
          {oldEndsAt !== undefined && (
            <Fact name="The old one">
              {oldEndsAt.getTime() <= now ? "has ended" : (
                <>
                  ends{" "}
                  <TimeUntil at={oldEndsAt} now={now} dated />: change over what uses it until then
                </>
              )}
            </Fact>
          )}
        </dl>
        <p>
          <a class="button" href="/tokens">I have copied it</a>
        </p>
      </main>
    ),
  });
}

import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { UpstreamFailure } from "../../identity_providers/failure.ts";
import {
  type StartDeps,
  type StartedSignIn,
  startUpstreamSignIn,
} from "../../identity_providers/start_sign_in.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import type { Log } from "../../log.ts";
import type { IdentityProvider } from "../../store/identity_providers.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { showTestResult } from "./test_result.tsx";
import { upstreamFailurePage } from "./failure_page.tsx";

export interface GoToProviderDeps extends StartDeps, RenderDeps {
  clock: Clock;
  log: Log;
  config: Pick<ServerConfig, "session">;
  secrets: StartDeps["secrets"];
}

/**
 * Sends the browser to a provider, by a page that leaves on its own: a form cannot be redirected to
 * another site, see authorize/leave_page.tsx.
 */
export async function goToProvider(
  deps: GoToProviderDeps,
  c: PageContext,
  provider: IdentityProvider,
  started: Omit<StartedSignIn, "browserToken" | "address" | "maxAge">,
): Promise<Response> {
  const browserToken = c.get("browserToken");
  // Only after a form, whose CSRF token is bound to the cookie.
  if (browserToken === undefined) throw new Error("a sign-in at a provider without a cookie");
  const url = await startUpstreamSignIn(deps, provider, {
    ...started,
    browserToken,
    address: c.get("requester").address,
    maxAge: deps.config.session.absoluteSeconds,
  });
  if (url instanceof UpstreamFailure && started.purpose === "test") {
    return await showTestResult(deps, c, provider, started, url);
  }
  if (url instanceof UpstreamFailure) {
    return await upstreamFailurePage(deps, c, provider, url, { next: started.next });
  }
  const title = providerTitle(provider);
  return await renderPage(deps, c, {
    name: "leave_to_provider",
    title: `Continue with ${title}`,
    refresh: url.href,
    children: (
      <main>
        <h1>Continue with {title}</h1>
        <p>
          If nothing happens, <a href={url.href} id="continue" rel="noreferrer">continue</a>.
        </p>
      </main>
    ),
  });
}

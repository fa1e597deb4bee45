import { browserName } from "../../http/browser_name.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { Address } from "../ui/facts.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { listBrowsers, type ListBrowsersDeps, listLogins } from "./active_sessions.ts";
import { BrowserName } from "./browser_name.tsx";
import { loginList, type LoginListDeps } from "./login_list.tsx";

/** GET /devices: the user's logins and browsers. */
export async function showDevices(
  deps: RenderDeps & LoginListDeps & ListBrowsersDeps,
  c: PageContext,
): Promise<Response> {
  const session = signedInSession(c);
  const now = deps.clock.now();
  const logins = await listLogins(deps, session);
  const browsers = await Promise.all(
    (await listBrowsers(deps, session)).map(async (browser) => ({
      browser,
      place: await deps.placeOf(browser.address),
    })),
  );
  return await renderPage(deps, c, {
    name: "devices",
    title: "Logins and browsers",
    children: (
      <main class="wide">
        <h1>Logins and browsers</h1>
        <p>
          Revoke logins and sign out browsers that you do not recognize or no longer use. This does
          not affect your personal access tokens.
        </p>
        <h2>Logins</h2>
        {await loginList(deps, { logins, back: "/devices" })}
        <h2>Browsers</h2>
        <ul class="logins">
          {browsers.map(({ browser, place }) => (
            <li
              data-session={browser.id}
              data-current={browser.id === session.id ? "true" : undefined}
            >
              <div>
                <p>
                  <BrowserName userAgent={browser.userAgent} />
                  {browser.id === session.id && " (this browser)"}
                </p>
                <p class="muted small">
                  From <Address address={browser.address} place={place} />, last used{" "}
                  <TimeAgo at={browser.lastSeenAt} now={now} />, signed in{" "}
                  <TimeAgo at={browser.createdAt} now={now} />
                </p>
              </div>
              {browser.id !== session.id && (
                <ActionButton
                  action="/sessions/sign-out"
                  fields={{ session: browser.id }}
                  label="Sign out"
                  about={`${
                    browserName(browser.userAgent) ?? "the browser"
                  } from ${browser.address}`}
                />
              )}
            </li>
          ))}
        </ul>
        {(logins.length > 0 || browsers.length > 1) && (
          <p>
            <a class="button danger" href="/logins/revoke-all" id="revoke-all">
              Revoke all except this browser
            </a>
          </p>
        )}
      </main>
    ),
  });
}

import { listRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import { listSessions, type Session } from "../../store/sessions.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Address } from "../device/confirm.tsx";
import { loginList, UserAgent } from "./login_list.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { ActionButton } from "../ui/confirmation.tsx";

/** Logins, and browsers, that are listed; those used last. */
export const MAX_LISTED = 100;

/** GET /devices: wherever the person is logged in. */
export async function showDevices(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const now = deps.clock.now();
  const logins = await listLogins(deps, session);
  const browsers = await listBrowsers(deps, session);
  const places = new Map<string, string | undefined>();
  for (const { address } of browsers) places.set(address, await deps.placeOf(address));
  return await renderPage(deps, c, {
    title: "Where you are logged in",
    children: (
      <main class="wide">
        <h1>Where you are logged in</h1>
        <p>End what you do not know or do not need. Your tokens stay as they are.</p>
        <h2>Programs</h2>
        {await loginList(deps, { logins, back: "/devices" })}
        <h2>Browsers</h2>
        <ul class="logins">
          {browsers.map((browser) => (
            <li>
              <div>
                <p>
                  From <Address address={browser.address} place={places.get(browser.address)} />
                  {browser.id === session.id && <strong>, this browser</strong>}
                </p>
                <p class="quiet small">
                  Used <TimeAgo at={browser.lastSeenAt} now={now} />, signed in{" "}
                  <TimeAgo at={browser.createdAt} now={now} />
                </p>
                <UserAgent text={browser.userAgent} />
              </div>
              {browser.id !== session.id && (
                <ActionButton
                  action="/sessions/sign-out"
                  fields={{ session: browser.id }}
                  word="Sign out"
                  about={`the browser from ${browser.address}`}
                />
              )}
            </li>
          ))}
        </ul>
        {(logins.length > 0 || browsers.length > 1) && (
          <p>
            <a class="button danger" href="/logins/revoke-all">End all but this browser</a>
          </p>
        )}
      </main>
    ),
  });
}

/** The person's logins that live, those used last first. */
export async function listLogins({ sql, clock }: PageDeps, { user }: Session) {
  return await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(clock.now()),
    limit: MAX_LISTED,
  });
}

/** The browsers in which the person is signed in. */
export async function listBrowsers({ sql, clock, config }: PageDeps, { user }: Session) {
  return await listSessions(sql, {
    userId: user.id,
    idleSeconds: config.session.idleSeconds,
    now: new Date(clock.now()),
    limit: MAX_LISTED,
  });
}

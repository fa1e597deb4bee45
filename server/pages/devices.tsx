import { recordAuditEvent } from "../store/audit_events.ts";
import {
  listRefreshTokenFamilies,
  revokeRefreshTokenFamiliesOf,
  revokeRefreshTokenFamily,
} from "../store/refresh_token_families.ts";
import { endSession, endSessionsOf, listSessions, type Session } from "../store/sessions.ts";
import { signedInSession } from "./browser_session.ts";
import { Address, uuid } from "./device_confirm.tsx";
import { formToken } from "./form_token.ts";
import { FormToken } from "./layout.tsx";
import { localPath } from "./local_path.ts";
import { loginList, UserAgent } from "./login_list.tsx";
import { Moment } from "./moment.tsx";
import { page, type PageContext, type PageParts } from "./page.tsx";

/** Logins, and browsers, that are listed; those used last. */
const MAX_LISTED = 100;
const PATH = "/devices";

/** GET /devices: wherever the person is logged in. */
export async function showDevices(parts: PageParts, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const now = parts.clock.now();
  const logins = await listRefreshTokenFamilies(parts.sql, {
    userId: session.user.id,
    now: new Date(now),
    limit: MAX_LISTED,
  });
  const browsers = await browsersOf(parts, session);
  const places = new Map<string, string | undefined>();
  for (const { address } of browsers) places.set(address, await parts.placeOf(address));
  const token = formToken(parts, c);
  return await page(parts, c, {
    title: "Where you are logged in",
    children: (
      <main class="wide">
        <h1>Where you are logged in</h1>
        <p>End whatever you do not know or do not need. Your tokens stay as they are.</p>
        <h2>Programs</h2>
        {await loginList(parts, c, { logins, back: PATH })}
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
                  Used <Moment at={browser.lastSeenAt} now={now} />, signed in{" "}
                  <Moment at={browser.createdAt} now={now} />
                </p>
                <UserAgent text={browser.userAgent} />
              </div>
              {browser.id !== session.id && (
                <form method="post" action="/sessions/end">
                  <FormToken token={token} />
                  <input type="hidden" name="session" value={browser.id} />
                  <button type="submit">
                    End<span class="hidden">{` the browser from ${browser.address}`}</span>
                  </button>
                </form>
              )}
            </li>
          ))}
        </ul>
        {(logins.length > 0 || browsers.length > 1) && (
          <form method="post" action="/logins/end-all">
            <FormToken token={token} />
            <button class="danger" type="submit">End all but this browser</button>
          </form>
        )}
      </main>
    ),
  });
}

/** POST /logins/end: ends one of the person's own logins. */
export async function submitEndLogin(parts: PageParts, c: PageContext): Promise<Response> {
  const { sql, clock } = parts;
  const session = signedInSession(c);
  const now = new Date(clock.now());
  const form = c.get("form");
  const id = uuid(form("login"));
  const logins = await listRefreshTokenFamilies(sql, {
    userId: session.user.id,
    now,
    limit: MAX_LISTED,
  });
  const login = logins.find((one) => one.id === id);
  if (login && await revokeRefreshTokenFamily(sql, { id: login.id, reason: "user", now })) {
    await recordAuditEvent(sql, clock, {
      event: "login.revoked",
      actor: session.user.id,
      subject: login.id,
      address: c.get("requester").address,
      details: { client_id: login.clientId },
    });
    parts.tokenCheck.changed(`login:${login.id}`);
  }
  return c.redirect(localPath(form("back")), 303);
}

/** POST /sessions/end: signs out one of the person's other browsers. */
export async function submitEndSession(parts: PageParts, c: PageContext): Promise<Response> {
  const { sql, clock } = parts;
  const session = signedInSession(c);
  const id = uuid(c.get("form")("session"));
  const browser = (await browsersOf(parts, session)).find((one) => one.id === id);
  if (browser !== undefined) {
    await endSession(sql, { id: browser.id, now: new Date(clock.now()) });
    await recordAuditEvent(sql, clock, {
      event: "session.ended",
      actor: session.user.id,
      subject: browser.id,
      address: c.get("requester").address,
    });
  }
  return c.redirect(PATH, 303);
}

/** POST /logins/end-all: ends every login, and every browser but this one. */
export async function submitEndAllLogins(parts: PageParts, c: PageContext): Promise<Response> {
  const { sql, clock, tokenCheck } = parts;
  const session = signedInSession(c);
  const now = new Date(clock.now());
  const userId = session.user.id;
  const ended = await sql.begin(async (tx) => {
    const logins = await revokeRefreshTokenFamiliesOf(tx, { userId, reason: "user", now });
    const browsers = await endSessionsOf(tx, { userId, except: session.id, now });
    await recordAuditEvent(tx, clock, {
      event: "logins.all_revoked",
      actor: userId,
      subject: userId,
      address: c.get("requester").address,
      details: { logins: logins.length, browsers },
    });
    return logins;
  });
  for (const id of ended) tokenCheck.changed(`login:${id}`);
  return c.redirect(PATH, 303);
}

async function browsersOf({ sql, clock, config }: PageParts, { user }: Session) {
  return await listSessions(sql, {
    userId: user.id,
    idleSeconds: config.session.idleSeconds,
    now: new Date(clock.now()),
    limit: MAX_LISTED,
  });
}

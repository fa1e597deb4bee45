import { brand } from "../../shared/brand.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { findClient } from "../store/clients.ts";
import {
  listRefreshTokenFamilies,
  revokeRefreshTokenFamily,
} from "../store/refresh_token_families.ts";
import type { Session } from "../store/sessions.ts";
import { anyUser } from "../store/users.ts";
import { redirectToSignIn } from "./browser_session.ts";
import { uuid } from "./device_confirm.tsx";
import { formToken } from "./form_token.ts";
import { Command, FormToken } from "./layout.tsx";
import { Moment } from "./moment.tsx";
import { page, type PageContext, type PageParts } from "./page.tsx";
import { HowToSetUp } from "./sign_in.tsx";
import { Foreign } from "./visible_text.tsx";

const MAX_LOGINS = 100;

/** GET / */
export async function showHome(parts: PageParts, c: PageContext): Promise<Response> {
  const session = c.get("session");
  return session === undefined ? await welcomePage(parts, c) : await ownPage(parts, c, session);
}

/** POST /logins/end: ends one of the person's own logins. */
export async function submitEndLogin(parts: PageParts, c: PageContext): Promise<Response> {
  const { sql, clock } = parts;
  const session = c.get("session");
  if (session === undefined) return redirectToSignIn(c, "/");
  const now = new Date(clock.now());
  const id = uuid(c.get("form")("login"));
  const logins = await listRefreshTokenFamilies(sql, {
    userId: session.user.id,
    now,
    limit: MAX_LOGINS,
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
  return c.redirect("/", 303);
}

async function welcomePage(parts: PageParts, c: PageContext): Promise<Response> {
  const setUp = await anyUser(parts.sql);
  return await page(parts, c, {
    title: setUp ? "Welcome" : "Not set up yet",
    children: (
      <main>
        <h1>{setUp ? `Welcome to ${brand.productName}` : "This server is running"}</h1>
        {setUp
          ? (
            <>
              <p>Sign in to approve logins from a terminal and to see your own.</p>
              <p>
                <a class="button main" href="/signin">Sign in</a>
              </p>
            </>
          )
          : (
            <>
              <p>It has no administrator yet.</p>
              <HowToSetUp />
            </>
          )}
      </main>
    ),
  });
}

async function ownPage(parts: PageParts, c: PageContext, session: Session): Promise<Response> {
  const { sql, clock, config, issuer } = parts;
  const { user } = session;
  const now = clock.now();
  const logins = await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(now),
    limit: MAX_LOGINS,
  });
  const names = new Map<string, string>();
  for (const { clientId } of logins) {
    if (!names.has(clientId)) {
      names.set(clientId, (await findClient(sql, clientId))?.name ?? clientId);
    }
  }
  return await page(parts, c, {
    title: "Your account",
    children: (
      <main class="wide">
        <h1>
          Hello, <Foreign text={user.name} />
        </h1>
        <p class="quiet">
          <Foreign text={user.email} />
          {user.isAdmin && " – administrator"}
        </p>
        {config.deviceFlow.enabled && (
          <>
            <h2>Log in from a terminal</h2>
            <p>
              Run this there. It shows a code to enter here.
            </p>
            <Command>{`${brand.binaryName} login --server ${issuer}`}</Command>
            <p>
              <a class="button main" href="/device">Enter a code</a>
            </p>
          </>
        )}
        <h2>Your logins</h2>
        {logins.length === 0
          ? <p class="quiet">There is none at the moment.</p>
          : (
            <ul class="logins">
              {logins.map((login) => (
                <li>
                  <div>
                    <p>
                      <strong>
                        <Foreign text={names.get(login.clientId)!} />
                      </strong>
                    </p>
                    <p class="quiet small">
                      From <Foreign text={login.address} />, used{" "}
                      <Moment at={login.lastUsedAt} now={now} />, begun{" "}
                      <Moment at={login.createdAt} now={now} />
                    </p>
                    {login.userAgent !== "" && (
                      <p class="quiet small">
                        <Foreign text={login.userAgent} />
                      </p>
                    )}
                  </div>
                  <form method="post" action="/logins/end">
                    <FormToken token={formToken(parts, c)} />
                    <input type="hidden" name="login" value={login.id} />
                    <button type="submit">
                      End<span class="hidden">{` the login from ${login.address}`}</span>
                    </button>
                  </form>
                </li>
              ))}
            </ul>
          )}
      </main>
    ),
  });
}

import { brand } from "../../../shared/brand.ts";
import { listRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { hasUsers } from "../../store/users.ts";
import { Command } from "../ui/layout.tsx";
import { loginList } from "./login_list.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { SetupInstructions } from "./sign_in.tsx";
import { hasExpiringToken } from "../tokens/list.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Logins shown here; all of them have a page of their own. */
const LAST_LOGINS = 5;

/** GET / */
export async function showHome(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = c.get("session");
  return session === undefined ? await welcomePage(deps, c) : await ownPage(deps, c, session);
}

async function welcomePage(deps: PageDeps, c: PageContext): Promise<Response> {
  const setUp = await hasUsers(deps.sql);
  return await renderPage(deps, c, {
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
              <SetupInstructions />
            </>
          )}
      </main>
    ),
  });
}

async function ownPage(deps: PageDeps, c: PageContext, session: Session): Promise<Response> {
  const { sql, clock, config, issuer } = deps;
  const { user } = session;
  const logins = await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(clock.now()),
    limit: LAST_LOGINS,
  });
  const endsSoon = await hasExpiringToken(deps, user.id);
  return await renderPage(deps, c, {
    title: "Your account",
    children: (
      <main class="wide">
        <h1>
          Hello, <UntrustedText text={user.name} />
        </h1>
        <p class="quiet">
          <UntrustedText text={user.email} />
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
        <h2>Personal access tokens</h2>
        {endsSoon && (
          <p class="care">
            Tokens of yours end within a week. <a href="/tokens?show=expiring">Look which ones</a>
          </p>
        )}
        <p>
          For CI jobs and scripts: <a href="/tokens">your tokens</a>
        </p>
        {user.isAdmin && (
          <>
            <h2>Administration</h2>
            <p>
              <a href="/admin/tokens">Everybody’s tokens</a>
            </p>
            <p>
              <a href="/admin/trust">CI jobs and workloads that are trusted</a>
            </p>
          </>
        )}
        <h2>Your logins</h2>
        {await loginList(deps, { logins, back: "/" })}
        <p>
          <a href="/devices">All logins and browsers</a>
        </p>
      </main>
    ),
  });
}

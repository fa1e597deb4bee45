import type { Clock } from "../../../shared/clock.ts";
import { brand } from "../../../shared/brand.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { isSetUp } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { listExpiringTokens } from "../tokens/expiring.ts";
import { tokenRows } from "../tokens/token_rows.tsx";
import { Command } from "../ui/command.tsx";
import { PageHeading } from "../ui/page_heading.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { loginList, type LoginListDeps } from "./login_list.tsx";
import { serverOverview } from "./server_overview.tsx";
import { SetupInstructions } from "./setup_instructions.tsx";

/** Other pages list all of them. */
const MAX_LOGINS = 5;
const MAX_TOKENS = 5;

interface HomeDeps extends RenderDeps, LoginListDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "deviceFlow">;
}

/** GET / */
export async function showHome(deps: HomeDeps, c: PageContext): Promise<Response> {
  const session = c.get("session");
  if (session !== undefined) return await overviewPage(deps, c, session);
  return await isSetUp(deps.sql) ? await welcomePage(deps, c) : await notSetUpPage(deps, c);
}

async function welcomePage(deps: HomeDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "welcome",
    title: "Welcome",
    children: (
      <main>
        <h1>Welcome to {brand.productName}</h1>
        <p>Sign in to approve logins from your terminal and to manage your tokens.</p>
        <p>
          <a class="button main" href="/signin">Sign in</a>
        </p>
      </main>
    ),
  });
}

async function notSetUpPage(deps: HomeDeps, c: PageContext): Promise<Response> {
  return await renderPage(deps, c, {
    name: "not_set_up",
    title: "Set up this server",
    children: (
      <main>
        <h1>Set up this server</h1>
        <p>The server is running but has no administrator yet.</p>
        <SetupInstructions />
      </main>
    ),
  });
}

async function overviewPage(deps: HomeDeps, c: PageContext, { user }: Session): Promise<Response> {
  const { sql, clock, config, issuer } = deps;
  const now = clock.now();
  const [recentLogins, expiring, overview] = await Promise.all([
    listRefreshTokenFamilies(sql, { userId: user.id, now: new Date(now), limit: MAX_LOGINS })
      .then((logins) => loginList(deps, { logins, back: "/", teach: false })),
    listExpiringTokens(deps, user.id, MAX_TOKENS + 1),
    user.isAdmin ? serverOverview(deps) : undefined,
  ]);
  return await renderPage(deps, c, {
    name: "home",
    title: "Overview",
    children: (
      <main class="wide">
        <PageHeading
          title={<UntrustedText text={user.name} />}
          lead={
            <>
              <UntrustedText text={user.email} max={254} />
              {user.isAdmin && " · Administrator"}
            </>
          }
        />
        {overview}
        {expiring.length > 0 && (
          <section id="expiring-tokens">
            <h2>Your tokens that expire soon</h2>
            <p>Rotate those that are still in use, and replace them wherever they are used.</p>
            {await tokenRows(deps, {
              tokens: expiring.slice(0, MAX_TOKENS),
              now,
              isOwn: true,
              caption: "Your tokens that expire soon",
            })}
            {expiring.length > MAX_TOKENS && (
              <p>
                <a href="/tokens?show=expiring">All tokens that expire soon</a>
              </p>
            )}
          </section>
        )}
        {config.deviceFlow.enabled && (
          <section>
            <h2>Log in from a terminal</h2>
            <p>Run this command in the terminal, then enter the code that it shows.</p>
            <Command>{`${brand.binaryName} login --server ${issuer}`}</Command>
            <p>
              <a class="button main" href="/device">Enter code</a>
            </p>
          </section>
        )}
        <section>
          <h2>Recent logins</h2>
          {recentLogins}
          <p>
            <a href="/devices">Manage logins and browsers</a>
          </p>
        </section>
        {expiring.length === 0 && (
          <section>
            <h2>Personal access tokens</h2>
            <p>
              Scripts and CI jobs use them to act as you. None expires soon.{" "}
              <a href="/tokens">Manage your tokens</a>
            </p>
          </section>
        )}
      </main>
    ),
  });
}

import type { Clock } from "../../../shared/clock.ts";
import { brand } from "../../../shared/brand.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { hasUsers } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { hasExpiringToken } from "../tokens/expiring.ts";
import { Command } from "../ui/command.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { loginList, type LoginListDeps } from "./login_list.tsx";
import { SetupInstructions } from "./setup_instructions.tsx";

/** The devices page lists all of them. */
const MAX_LOGINS = 5;

interface HomeDeps extends RenderDeps, LoginListDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "deviceFlow">;
}

/** GET / */
export async function showHome(deps: HomeDeps, c: PageContext): Promise<Response> {
  const session = c.get("session");
  if (session !== undefined) return await accountPage(deps, c, session);
  return await hasUsers(deps.sql) ? await welcomePage(deps, c) : await notSetUpPage(deps, c);
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

async function accountPage(deps: HomeDeps, c: PageContext, { user }: Session): Promise<Response> {
  const { sql, clock, config, issuer } = deps;
  const logins = await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(clock.now()),
    limit: MAX_LOGINS,
  });
  const expiresSoon = await hasExpiringToken(deps, user.id);
  return await renderPage(deps, c, {
    name: "home",
    title: "Your account",
    children: (
      <main class="wide">
        <h1>
          <UntrustedText text={user.name} />
        </h1>
        <p class="muted">
          <UntrustedText text={user.email} />
          {user.isAdmin && " · Administrator"}
        </p>
        {config.deviceFlow.enabled && (
          <>
            <h2>Log in from a terminal</h2>
            <p>Run this command in the terminal, then enter the code that it shows.</p>
            <Command>{`${brand.binaryName} login --server ${issuer}`}</Command>
            <p>
              <a class="button main" href="/device">Enter code</a>
            </p>
          </>
        )}
        <h2>Personal access tokens</h2>
        {expiresSoon && (
          <p class="warning">
            Some of your tokens expire soon.{" "}
            <a href="/tokens?show=expiring">Show expiring tokens</a>
          </p>
        )}
        <p>
          Scripts and CI jobs use them to act as you. <a href="/tokens">Manage your tokens</a>
        </p>
        <h2>Logins</h2>
        {await loginList(deps, { logins, back: "/" })}
        <p>
          <a href="/devices">Manage logins and browsers</a>
        </p>
        {user.isAdmin && (
          <>
            <h2>Administration</h2>
            <ul>
              <li>
                <a href="/admin/tokens">All tokens</a>
              </li>
              <li>
                <a href="/admin/trust">Trusted workloads</a>
              </li>
            </ul>
          </>
        )}
      </main>
    ),
  });
}

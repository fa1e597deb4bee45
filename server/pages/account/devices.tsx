import type { ServerConfig } from "../../config/server_config.ts";
import { browserName } from "../../http/browser_name.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Badge } from "../ui/badge.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { DataTable } from "../ui/data_table.tsx";
import { Address } from "../ui/facts.tsx";
import { PageHeading } from "../ui/page_heading.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { listBrowsers, type ListBrowsersDeps, listLogins } from "./active_sessions.ts";
import { BrowserName } from "./browser_name.tsx";
import { consentSection } from "./consents.tsx";
import { loginList, type LoginListDeps } from "./login_list.tsx";

type DevicesDeps = RenderDeps & LoginListDeps & ListBrowsersDeps & {
  config: Pick<ServerConfig, "deviceFlow">;
};

/** Where a user looks for the parent of `/logins/revoke` and the like. */
export function redirectToDevices(_deps: unknown, c: PageContext): Response {
  return c.redirect("/devices", 303);
}

/** GET /devices: the user's logins and browsers. */
export async function showDevices(
  deps: DevicesDeps,
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
        <PageHeading
          title="Logins and browsers"
          lead="Revoke logins and sign out browsers that you do not recognize or no longer use. This does not affect your personal access tokens."
          actions={(logins.length > 0 || browsers.length > 1) && (
            <a class="button caution" href="/logins/revoke-all" id="revoke-all">
              Revoke all except this browser
            </a>
          )}
        />
        <h2>Logins</h2>
        {await loginList(deps, {
          logins,
          back: "/devices",
          teach: deps.config.deviceFlow.enabled,
        })}
        {await consentSection(deps, { userId: session.user.id, now })}
        <h2>Browsers</h2>
        <DataTable
          caption="Browsers"
          rows={browsers}
          attributes={({ browser }) => ({
            "data-session": browser.id,
            "data-current": browser.id === session.id ? "true" : undefined,
          })}
          columns={[
            {
              label: "Browser",
              cell: ({ browser }) => (
                <>
                  <BrowserName userAgent={browser.userAgent} />
                  {browser.id === session.id && (
                    <>
                      {" "}
                      <Badge tone="good">this browser</Badge>
                    </>
                  )}
                </>
              ),
            },
            {
              label: "From",
              cell: ({ browser, place }) => <Address address={browser.address} place={place} />,
            },
            {
              label: "Last used",
              cell: ({ browser }) => <TimeAgo at={browser.lastSeenAt} now={now} />,
            },
            {
              label: "Signed in",
              cell: ({ browser }) => <TimeAgo at={browser.createdAt} now={now} />,
            },
            {
              label: "Actions",
              kind: "actions",
              cell: ({ browser }) =>
                browser.id !== session.id && (
                  <ActionButton
                    action="/sessions/sign-out"
                    fields={{ session: browser.id }}
                    label="Sign out"
                    about={`${
                      browserName(browser.userAgent) ?? "the browser"
                    } from ${browser.address}`}
                  />
                ),
            },
          ]}
        />
      </main>
    ),
  });
}

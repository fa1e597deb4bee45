import type { GeoipLookup } from "../../../geoip.ts";
import { browserName } from "../../../http/browser_name.ts";
import type { ListedSession } from "../../../store/sessions.ts";
import type { Clock } from "../../../../shared/clock.ts";
import { BrowserName } from "../../account/browser_name.tsx";
import { ActionButton } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { Address } from "../../ui/facts.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { PEOPLE_PATH } from "./paths.ts";

/** The browsers in which another user is signed in, with buttons to sign them out. */
export async function browsersOfUser(
  { clock, placeOf }: { clock: Clock; placeOf: GeoipLookup },
  { userId, browsers }: { userId: string; browsers: readonly ListedSession[] },
) {
  if (browsers.length === 0) {
    return <p class="muted" id="no-browsers">Not signed in in any browser.</p>;
  }
  const now = clock.now();
  const rows = await Promise.all(
    browsers.map(async (browser) => ({ browser, place: await placeOf(browser.address) })),
  );
  return (
    <DataTable
      caption="Browsers"
      rows={rows}
      attributes={({ browser }) => ({ "data-session": browser.id })}
      columns={[
        { label: "Browser", cell: ({ browser }) => <BrowserName userAgent={browser.userAgent} /> },
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
          cell: ({ browser }) => (
            <ActionButton
              action={`${PEOPLE_PATH}/sign-out`}
              fields={{ user: userId, session: browser.id }}
              label="Sign out"
              about={`${browserName(browser.userAgent) ?? "the browser"} from ${browser.address}`}
            />
          ),
        },
      ]}
    />
  );
}

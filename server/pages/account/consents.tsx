import { findClient } from "../../store/clients.ts";
import { type Consent, listConsents } from "../../store/consents.ts";
import type { Sql } from "../../store/db/connect.ts";
import { ActionButton } from "../ui/confirmation.tsx";
import { DataTable } from "../ui/data_table.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** More than any user has: one for each client. */
const MAX_CONSENTS = 500;

/** The applications that log in as the user without asking again; null if there are none. */
export async function consentSection(
  { sql }: { sql: Sql },
  { userId, now }: { userId: string; now: number },
) {
  const consents = await listConsents(sql, { userId, limit: MAX_CONSENTS });
  if (consents.length === 0) return null;
  const rows = await Promise.all(consents.map(async (consent) => ({
    consent,
    client: await applicationName(sql, consent),
  })));
  return (
    <section id="consents">
      <h2>Remembered approvals</h2>
      <p>These applications log in as you in this and other browsers without asking again.</p>
      <DataTable
        caption="Remembered approvals"
        rows={rows}
        attributes={({ consent }) => ({ "data-client": consent.clientId })}
        columns={[
          {
            label: "Application",
            cell: ({ consent, client }) => (
              <>
                <strong>
                  <UntrustedText text={client} />
                </strong>
                <p class="muted small">
                  <UntrustedText text={consent.scope} max={250} />
                </p>
              </>
            ),
          },
          {
            label: "Approved",
            cell: ({ consent }) => <TimeAgo at={consent.createdAt} now={now} />,
          },
          {
            label: "Last used",
            cell: ({ consent }) => <TimeAgo at={consent.lastUsedAt} now={now} />,
          },
          {
            label: "Actions",
            kind: "actions",
            cell: ({ consent, client }) => (
              <ActionButton
                action="/consents/withdraw"
                fields={{ client: consent.clientId }}
                label="Withdraw"
                about={`the approval of ${client}`}
              />
            ),
          },
        ]}
      />
    </section>
  );
}

export async function applicationName(sql: Sql, { clientId }: Consent): Promise<string> {
  return (await findClient(sql, clientId))?.name ?? clientId;
}

import type { Clock } from "../../../../shared/clock.ts";
import { relyingParty } from "../../../passkeys/relying_party.ts";
import type { Sql } from "../../../store/db/connect.ts";
import { listPasskeys, type Passkey } from "../../../store/passkeys.ts";
import { MAX_NAME_LENGTH, type User } from "../../../store/users.ts";
import { Badge } from "../../ui/badge.tsx";
import { ActionButton } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

interface SectionDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
}

/** The passkeys of a user, on the page of sign-in methods. */
export async function passkeysSection({ issuer, sql, clock }: SectionDeps, user: User) {
  const passkeys = await listPasskeys(sql, user.id);
  const isAvailable = relyingParty(issuer) !== undefined;
  const now = clock.now();
  return (
    <section id="passkeys">
      <h2>Passkeys</h2>
      {passkeys.length === 0
        ? (
          <EmptyState id="no_passkeys" title="You have no passkeys.">
            <p>
              With a passkey you sign in with your fingerprint, face, screen lock or security key.
              It cannot be guessed or phished.
            </p>
            {isAvailable && <AddPasskey />}
          </EmptyState>
        )
        : (
          <>
            <DataTable
              caption="Passkeys"
              rows={passkeys}
              attributes={({ id }) => ({ id: `passkey-${id}` })}
              columns={[
                { label: "Passkey", cell: (passkey) => <PasskeyName passkey={passkey} /> },
                { label: "Kept", cell: describeBackup },
                { label: "Added", cell: ({ createdAt }) => <TimeAgo at={createdAt} now={now} /> },
                { label: "Last used", cell: (passkey) => <LastUse passkey={passkey} now={now} /> },
                { label: "Actions", kind: "actions", cell: PasskeyActions },
              ]}
            />
            {isAvailable && <AddPasskey />}
          </>
        )}
      {!isAvailable && <p>Browsers allow passkeys only on servers with a domain name and https.</p>}
    </section>
  );
}

function AddPasskey() {
  return (
    <p>
      <a class="button" href="/account/passkeys/add">Add a passkey</a>
    </p>
  );
}

export function PasskeyName({ passkey: { name, blockedAt } }: { passkey: Passkey }) {
  return (
    <>
      <strong>
        <UntrustedText text={name} max={MAX_NAME_LENGTH} />
      </strong>
      {blockedAt !== undefined && (
        <>
          {" "}
          <Badge tone="bad">Blocked</Badge>
          <span class="small">
            {" "}There may be a copy of it. Remove it and add it again.
          </span>
        </>
      )}
    </>
  );
}

function describeBackup({ backupEligible, backedUp }: Passkey): string {
  if (!backupEligible) return "On one device";
  return backedUp ? "Backed up" : "Not backed up yet";
}

function LastUse({ passkey, now }: { passkey: Passkey; now: number }) {
  const { lastUsedAt, lastUsedAddress } = passkey;
  if (lastUsedAt === undefined) return <>Never</>;
  return (
    <>
      <TimeAgo at={lastUsedAt} now={now} />
      {lastUsedAddress !== undefined && (
        <>
          {" from "}
          <UntrustedText text={lastUsedAddress} />
        </>
      )}
    </>
  );
}

function PasskeyActions({ id, name }: Passkey) {
  return (
    <>
      <ActionButton
        action="/account/passkeys/rename"
        fields={{ passkey: id }}
        label="Rename"
        about={name}
      />
      <ActionButton
        action="/account/passkeys/remove"
        fields={{ passkey: id }}
        label="Remove"
        about={name}
      />
    </>
  );
}

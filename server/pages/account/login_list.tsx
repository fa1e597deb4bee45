import { brand } from "../../../shared/brand.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { findClient } from "../../store/clients.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { Command } from "../ui/command.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { DataTable } from "../ui/data_table.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { Address } from "../ui/facts.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

export interface LoginListDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  placeOf: GeoipLookup;
}

/** Logins with buttons to revoke them, which return to `back`. */
export async function loginList(
  deps: LoginListDeps,
  { logins, back }: { logins: readonly RefreshTokenFamily[]; back: string },
) {
  const now = deps.clock.now();
  const rows = await Promise.all(logins.map(async (login) => ({
    login,
    client: await clientName(deps, login),
    place: await deps.placeOf(login.address),
  })));
  if (rows.length === 0) return <NoLogins issuer={deps.issuer} />;
  return (
    <DataTable
      caption="Logins"
      rows={rows}
      attributes={({ login }) => ({ "data-login": login.id })}
      columns={[
        {
          label: "Login",
          cell: ({ login, client }) => (
            <>
              <strong>
                <UntrustedText text={login.name ?? client} />
              </strong>
              <p class="muted small">
                {login.name !== undefined && <UntrustedText text={client} />}
                {login.name !== undefined && login.userAgent !== "" && " · "}
                {login.userAgent !== "" && <UntrustedText text={login.userAgent} />}
              </p>
            </>
          ),
        },
        {
          label: "From",
          cell: ({ login, place }) => <Address address={login.address} place={place} />,
        },
        { label: "Last used", cell: ({ login }) => <TimeAgo at={login.lastUsedAt} now={now} /> },
        { label: "Logged in", cell: ({ login }) => <TimeAgo at={login.createdAt} now={now} /> },
        {
          label: "Actions",
          kind: "actions",
          cell: ({ login }) => (
            <>
              <ActionButton
                action="/logins/rename"
                fields={{ login: login.id, back }}
                label="Rename"
                about={aboutLogin(login)}
              />
              <ActionButton
                action="/logins/revoke"
                fields={{ login: login.id, back }}
                label="Revoke"
                about={aboutLogin(login)}
              />
            </>
          ),
        },
      ]}
    />
  );
}

function NoLogins({ issuer }: { issuer: string }) {
  return (
    <EmptyState id="no-logins" title="You have no logins.">
      <p>
        A login is a terminal that acts as you until you revoke it here. To log in, run this command
        there and approve the code that it shows:
      </p>
      <Command>{`${brand.binaryName} login --server ${issuer}`}</Command>
    </EmptyState>
  );
}

function aboutLogin({ name, address }: RefreshTokenFamily): string {
  return name === undefined ? `the login from ${address}` : `the login ${name}`;
}

export async function clientName(
  { sql }: { sql: Sql },
  { clientId }: Pick<RefreshTokenFamily, "clientId">,
): Promise<string> {
  return (await findClient(sql, clientId))?.name ?? clientId;
}

/** The User-Agent header, if there was one. */
export function UserAgent({ text }: { text: string }) {
  return text === "" ? null : (
    <p class="muted small">
      <UntrustedText text={text} />
    </p>
  );
}

import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { Resource } from "../../resources/resource.ts";
import { brand } from "../../../shared/brand.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { findClient } from "../../store/clients.ts";
import type { Sql } from "../../store/db/connect.ts";
import { type DelegatedToken, listDelegatedTokens } from "../../store/delegated_tokens.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { historyUrl } from "../admin/audit/view.ts";
import { Command } from "../ui/command.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { type Column, DataTable } from "../ui/data_table.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { Address } from "../ui/facts.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { NarrowTokens } from "./narrow_tokens.tsx";

/** Narrow tokens that a page lists: the newest. */
const MAX_NARROW_TOKENS = 500;

export interface LoginListDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  placeOf: GeoipLookup;
  catalog: Pick<ResourceCatalog, "approved">;
}

/**
 * Logins and their narrow tokens, with buttons to rename and revoke them, which return to
 * `back`.
 */
export async function loginList(
  deps: LoginListDeps,
  { logins, back, teach }: {
    logins: readonly RefreshTokenFamily[];
    back: string;
    /** Whether to explain how to log in, if there are no logins. */
    teach: boolean;
  },
) {
  const now = deps.clock.now();
  const rows = await describeLogins(deps, logins);
  if (rows.length === 0) return <NoLogins issuer={deps.issuer} teach={teach} />;
  const columns: Column<ListedLogin>[] = [...loginColumns(now), {
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
  }];
  return <LoginTable rows={rows} columns={columns} now={now} back={back} />;
}

/** The logins of another user, with buttons for administrators to revoke them. */
export async function loginsOfUser(
  deps: Omit<LoginListDeps, "issuer">,
  { userId, logins }: { userId: string; logins: readonly RefreshTokenFamily[] },
) {
  const rows = await describeLogins(deps, logins);
  if (rows.length === 0) return <p class="muted" id="no-logins">No logins.</p>;
  const now = deps.clock.now();
  const columns: Column<ListedLogin>[] = [...loginColumns(now), {
    label: "Actions",
    kind: "actions",
    cell: ({ login }) => (
      <>
        <a class="button" href={historyUrl(login.id)}>
          History<span class="hidden">{` of ${aboutLogin(login)}`}</span>
        </a>
        <ActionButton
          action="/admin/people/revoke-login"
          fields={{ user: userId, login: login.id }}
          label="Revoke"
          about={aboutLogin(login)}
        />
      </>
    ),
  }];
  return <LoginTable rows={rows} columns={columns} now={now} />;
}

interface ListedLogin {
  login: RefreshTokenFamily;
  client: string;
  place?: string;
  /** What it gets tokens for, if that is not only the default resource. */
  resources: readonly Resource[];
  narrowTokens: readonly DelegatedToken[];
}

async function describeLogins(
  deps: Omit<LoginListDeps, "issuer">,
  logins: readonly RefreshTokenFamily[],
): Promise<ListedLogin[]> {
  if (logins.length === 0) return [];
  const clientIds = [...new Set(logins.map(({ clientId }) => clientId))];
  const [narrowTokens, ...names] = await Promise.all([
    listDelegatedTokens(deps.sql, {
      loginIds: logins.map(({ id }) => id),
      now: new Date(deps.clock.now()),
      limit: MAX_NARROW_TOKENS,
    }),
    ...clientIds.map((clientId) => clientName(deps, { clientId })),
  ]);
  const clients = new Map(clientIds.map((id, index) => [id, names[index]]));
  return await Promise.all(logins.map(async (login) => ({
    login,
    client: clients.get(login.clientId)!,
    place: await deps.placeOf(login.address),
    resources: login.resources === undefined ? [] : deps.catalog.approved(login.resources),
    narrowTokens: narrowTokens.filter(({ loginId }) => loginId === login.id),
  })));
}

function LoginTable(
  { rows, columns, now, back }: {
    rows: readonly ListedLogin[];
    columns: readonly Column<ListedLogin>[];
    now: number;
    /** Undefined: without buttons. */
    back?: string;
  },
) {
  return (
    <DataTable
      caption="Logins"
      rows={rows}
      columns={columns}
      attributes={({ login }) => ({ "data-login": login.id })}
      details={({ narrowTokens }) =>
        narrowTokens.length > 0
          ? <NarrowTokens tokens={narrowTokens} now={now} back={back} />
          : undefined}
    />
  );
}

function loginColumns(now: number): Column<ListedLogin>[] {
  return [
    { label: "Login", cell: (row) => <LoginName row={row} /> },
    {
      label: "From",
      cell: ({ login, place }) => <Address address={login.address} place={place} />,
    },
    { label: "Last used", cell: ({ login }) => <TimeAgo at={login.lastUsedAt} now={now} /> },
    { label: "Logged in", cell: ({ login }) => <TimeAgo at={login.createdAt} now={now} /> },
  ];
}

function LoginName({ row: { login, client, resources } }: { row: ListedLogin }) {
  const { name, userAgent } = login;
  return (
    <>
      <strong>
        <UntrustedText text={name ?? client} />
      </strong>
      <p class="muted small">
        {name !== undefined && <UntrustedText text={client} />}
        {name !== undefined && userAgent !== "" && " · "}
        {userAgent !== "" && <UntrustedText text={userAgent} />}
      </p>
      {resources.length > 0 && (
        <p
          class="muted small"
          data-resources={resources.map(({ name }) => name).join(" ")}
        >
          For {resources.map(({ kind, name, title }, index) => (
            <>
              {index > 0 && ", "}
              {kind === "default" ? "this server's API" : <UntrustedText text={title ?? name} />}
            </>
          ))}
        </p>
      )}
    </>
  );
}

function NoLogins({ issuer, teach }: { issuer: string; teach: boolean }) {
  return (
    <EmptyState id="no-logins" title="You have no logins.">
      <p>A login is a terminal that acts as you until you revoke it here.</p>
      {teach && (
        <>
          <p>To log in, run this command there, and approve the code that it shows:</p>
          <Command>{`${brand.binaryName} login --server ${issuer}`}</Command>
        </>
      )}
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

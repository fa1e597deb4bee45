import type { GeoipLookup } from "../../geoip.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { TokenSort } from "../../store/pats/list.ts";
import { type Column, type ColumnSort, DataTable } from "../ui/data_table.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import {
  isActive,
  lastUsedPlace,
  TokenLastUse,
  TokenName,
  tokenName,
  TokenOrigin,
  TokenPrefix,
  TokenStatus,
} from "./components.tsx";

interface Row {
  token: PersonalAccessToken;
  place?: string;
}

/** A table of tokens. `isOwn`: whether they are the user's own, who can rotate them. */
export async function tokenRows(
  deps: { placeOf: GeoipLookup },
  { tokens, now, isOwn, caption, sort = () => undefined }: {
    tokens: readonly PersonalAccessToken[];
    now: number;
    isOwn: boolean;
    /** See DataTable. */
    caption: string;
    /** The headers that sort; default: none. */
    sort?: (
      by: TokenSort["by"],
      options?: { latestFirst?: boolean },
    ) => ColumnSort | undefined;
  },
) {
  const rows: Row[] = await Promise.all(
    tokens.map(async (token) => ({ token, place: await lastUsedPlace(deps, token) })),
  );
  const columns: (Column<Row> | false)[] = [
    {
      label: "Token",
      sort: sort("name"),
      cell: ({ token }) => <NameCell token={token} now={now} />,
    },
    !isOwn && { label: "Owner", cell: ({ token }) => <Owner token={token} /> },
    {
      label: "Scopes",
      cell: ({ token }) => <UntrustedText text={formatScopes(token)} max={256} />,
    },
    {
      label: "Last use",
      sort: sort("last_used", { latestFirst: true }),
      cell: ({ token, place }) => <TokenLastUse token={token} place={place} now={now} />,
    },
    {
      label: "Status",
      sort: sort("expires"),
      cell: ({ token }) => <TokenStatus token={token} now={now} />,
    },
    tokens.some((token) => isActive(token, now)) && {
      label: "Actions",
      kind: "actions",
      cell: ({ token }) => isActive(token, now) && <Actions token={token} mayRotate={isOwn} />,
    },
  ];
  return (
    <DataTable
      caption={caption}
      columns={columns.filter((column) => column !== false)}
      rows={rows}
      attributes={({ token }) => ({
        "data-token": token.id,
        "data-active": String(isActive(token, now)),
      })}
    />
  );
}

function NameCell({ token, now }: { token: PersonalAccessToken; now: number }) {
  return (
    <>
      <a href={`/tokens/${token.id}`}>
        <strong>
          <TokenName token={token} />
        </strong>
      </a>
      <p class="muted small">
        <TokenPrefix token={token} /> · <TokenOrigin token={token} now={now} />
      </p>
    </>
  );
}

function Owner({ token: { owner } }: { token: PersonalAccessToken }) {
  return (
    <>
      <a href={`/admin/tokens?owner=${owner.id}`}>
        <UntrustedText text={owner.username} />
      </a>
      {owner.kind === "service_account" && " (service account)"}
    </>
  );
}

function Actions({ token, mayRotate }: { token: PersonalAccessToken; mayRotate: boolean }) {
  return (
    <>
      {mayRotate && (
        <a class="button" href={`/tokens/${token.id}/rotate`}>
          Rotate<span class="hidden">{` the token ${tokenName(token)}`}</span>
        </a>
      )}
      <a class="button" href={`/tokens/${token.id}/revoke`}>
        Revoke<span class="hidden">{` the token ${tokenName(token)}`}</span>
      </a>
    </>
  );
}

function formatScopes({ scope }: PersonalAccessToken): string {
  return (parseScope(scope) ?? []).join(", ") || "none";
}

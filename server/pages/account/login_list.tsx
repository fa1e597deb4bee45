import type { Clock } from "../../../shared/clock.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { findClient } from "../../store/clients.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { ActionButton } from "../ui/confirmation.tsx";
import { Address } from "../ui/facts.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

export interface LoginListDeps {
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
  if (rows.length === 0) return <p class="muted" id="no-logins">You have no logins.</p>;
  return (
    <ul class="logins">
      {rows.map(({ login, client, place }) => (
        <li data-login={login.id}>
          <div>
            <p>
              <strong>
                <UntrustedText text={login.name ?? client} />
              </strong>
            </p>
            <p class="muted small">
              {login.name === undefined ? "From" : (
                <>
                  <UntrustedText text={client} /> from
                </>
              )} <Address address={login.address} place={place} />, last used{" "}
              <TimeAgo at={login.lastUsedAt} now={now} />, logged in{" "}
              <TimeAgo at={login.createdAt} now={now} />
            </p>
            <UserAgent text={login.userAgent} />
          </div>
          <div class="actions">
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
          </div>
        </li>
      ))}
    </ul>
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

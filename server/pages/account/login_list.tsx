import { findClient } from "../../store/clients.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { Address } from "../device/confirm.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import type { PageDeps } from "../render.tsx";
import { ActionButton } from "../ui/confirmation.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** A person's logins, each with a button to end it, which comes back to `back`. */
export async function loginList(
  deps: PageDeps,
  { logins, back }: { logins: readonly RefreshTokenFamily[]; back: string },
) {
  const now = deps.clock.now();
  const rows = await Promise.all(logins.map(async (login) => ({
    login,
    name: (await findClient(deps.sql, login.clientId))?.name ?? login.clientId,
    place: await deps.placeOf(login.address),
  })));
  if (rows.length === 0) return <p class="quiet">There is none at the moment.</p>;
  return (
    <ul class="logins">
      {rows.map(({ login, name, place }) => (
        <li>
          <div>
            <p>
              <strong>
                <UntrustedText text={name} />
              </strong>
            </p>
            <p class="quiet small">
              From <Address address={login.address} place={place} />, used{" "}
              <TimeAgo at={login.lastUsedAt} now={now} />, begun{" "}
              <TimeAgo at={login.createdAt} now={now} />
            </p>
            <UserAgent text={login.userAgent} />
          </div>
          <ActionButton
            action="/logins/revoke"
            fields={{ login: login.id, back }}
            word="End"
            about={`the login from ${login.address}`}
          />
        </li>
      ))}
    </ul>
  );
}

/** What program it was, if it said so. */
export function UserAgent({ text }: { text: string }) {
  return text === "" ? null : (
    <p class="quiet small">
      <UntrustedText text={text} />
    </p>
  );
}

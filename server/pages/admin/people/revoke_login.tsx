import {
  listUserLogins,
  revokeUserLogin,
  revokeUserLogins,
  type UserLogin,
} from "../../../admin/user_logins.ts";
import { DomainError } from "../../../domain_error.ts";
import { listPersonalAccessTokens } from "../../../store/pats/list.ts";
import { clientName } from "../../account/login_list.tsx";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formatDuration } from "../../../../shared/duration.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { Address } from "../../ui/facts.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findPerson } from "./find_person.tsx";
import { notChanged } from "./not_changed.ts";
import { personCrumbs, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

/** Asks whether to revoke one login, or all without `login`. */
export async function showRevokePersonLogin(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  const id = c.get("query")("login") || undefined;
  const listed = await listUserLogins(administrator(deps, c), { email: person.id });
  const logins = listed instanceof DomainError ? [] : listed.logins;
  const login = logins.find((login) => login.id === id);
  if (id !== undefined && login === undefined) {
    return notChanged(
      deps,
      c,
      person.id,
      new DomainError("not_found", "This login has already been revoked or has expired."),
    );
  }
  const lifetime = formatDuration(deps.config.accessTokenLifetime);
  return await confirmationPage(deps, c, {
    name: "revoke_login_of_person",
    title: login === undefined ? "Revoke all logins?" : "Revoke this login?",
    breadcrumbs: personCrumbs(person),
    fields: { user: person.id, ...login !== undefined && { login: login.id } },
    confirm: login === undefined ? "Revoke all logins" : "Revoke login",
    cancelPath: personPath(person.id),
    children: (
      <>
        <PersonName person={person} />
        {login === undefined
          ? (
            <p>
              This revokes{" "}
              {formatCount(logins.length, "login")}, and approvals that no program has used yet.
            </p>
          )
          : (
            <LoginFacts
              login={login}
              client={await clientName(deps, login)}
              now={deps.clock.now()}
            />
          )}
        <p>
          A program has to log in again to act as this person. APIs that ask this server about its
          access token reject it immediately; APIs that verify the signature themselves accept it
          for up to {lifetime}, and narrow tokens until they expire. You cannot undo this.
        </p>
      </>
    ),
    options: login !== undefined && await tokensOption(deps, login),
  });
}

function LoginFacts({ login, client, now }: { login: UserLogin; client: string; now: number }) {
  return (
    <p>
      <strong>
        <UntrustedText text={login.name ?? client} />
      </strong>{" "}
      from <Address address={login.address} />, last used{" "}
      <TimeAgo at={new Date(login.lastUsedAt)} now={now} />.
    </p>
  );
}

async function tokensOption({ sql, clock }: PageDeps, { id }: UserLogin) {
  const tokens = await listPersonalAccessTokens(sql, {
    createdByLogin: id,
    status: { at: new Date(clock.now()), active: true },
    limit: 1000,
  });
  if (tokens.length === 0) return null;
  return (
    <label class="check">
      <input type="checkbox" name="tokens" />
      <span>
        Also revoke {formatCount(tokens.length, "personal access token")} created with this login
      </span>
    </label>
  );
}

/** Revokes one login or all. */
export async function submitRevokePersonLogin(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  const loginId = form("login") || undefined;
  const revoked = loginId === undefined
    ? await revokeUserLogins(administrator(deps, c), { email: person.id })
    : await revokeUserLogin(administrator(deps, c), {
      email: person.id,
      loginId,
      withTokens: form("tokens") !== undefined,
    });
  if (revoked instanceof DomainError) return notChanged(deps, c, person.id, revoked);
  const and = revoked.tokens === 0
    ? ""
    : ` and ${formatCount(revoked.tokens, "personal access token")}`;
  setNotice(deps, c, {
    code: "person_logins_revoked",
    text: `Revoked ${formatCount(revoked.logins, "login")}${and} of ${revoked.email}.`,
  });
  return c.redirect(personPath(person.id), 303);
}

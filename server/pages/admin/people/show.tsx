import type { Child } from "hono/jsx";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ShownUser } from "../../../admin/list_users.ts";
import { listPersonalAccessTokens } from "../../../store/pats/list.ts";
import { listRefreshTokenFamilies } from "../../../store/refresh_token_families.ts";
import { listSessions } from "../../../store/sessions.ts";
import { loginsOfUser } from "../../account/login_list.tsx";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { revokeAllPath } from "../../tokens/revoke_all.tsx";
import { tokenRows } from "../../tokens/token_rows.tsx";
import { Fact } from "../../ui/facts.tsx";
import { auditUrl } from "../audit/view.ts";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { accessPath } from "../groups/paths.ts";
import { browsersOfUser } from "./browsers.tsx";
import { findPerson } from "./find_person.tsx";
import { describeFactors, describeMethods } from "./methods.ts";
import { isSelf } from "./own_account.tsx";
import { PEOPLE_CRUMB, PEOPLE_PATH, personPagePath } from "./paths.ts";
import { PersonState } from "./person_state.tsx";

/** What a page lists at most: logins and browsers used last, the newest tokens. */
const MAX_TOKENS = 10;
const MAX_LOGINS = 25;
const MAX_BROWSERS = 25;

/** One user, with the browsers, logins and tokens. */
export async function showPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.req.param("id"));
  if (person instanceof Response) return person;
  const { sql, clock, config } = deps;
  const { id, email, belongings } = person;
  const now = clock.now();
  const query = { userId: id, now: new Date(now) };
  const browsers = await listSessions(sql, {
    ...query,
    idleSeconds: config.session.idleSeconds,
    limit: MAX_BROWSERS,
  });
  const logins = await listRefreshTokenFamilies(sql, { ...query, limit: MAX_LOGINS });
  const tokens = await listPersonalAccessTokens(sql, {
    ownerId: id,
    status: { at: new Date(now), active: true },
    limit: MAX_TOKENS,
  });
  const name = sanitizeLine(person.name, 100) || sanitizeLine(email, 100);
  const isOwn = isSelf(c, person);
  return await renderPage(deps, c, {
    name: "person",
    title: name,
    breadcrumbs: [PEOPLE_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={<bdi>{name}</bdi>}
          lead={<UntrustedText text={email} max={254} />}
          actions={<PersonActions person={person} isOwn={isOwn} />}
        />
        <PersonFacts person={person} isOwn={isOwn} now={now} />
        <SectionHeading
          title="Browsers"
          action={browsers.length > 0 && (
            <a class="button" href={personPagePath("sign-out", id)}>Sign out all browsers</a>
          )}
        />
        {await browsersOfUser(deps, { userId: id, browsers })}
        <SectionHeading
          title="Logins"
          action={logins.length > 0 && (
            <a class="button" href={personPagePath("revoke-login", id)}>Revoke all logins</a>
          )}
        />
        {await loginsOfUser(deps, { userId: id, logins })}
        {belongings.logins > logins.length && (
          <p class="muted small">{`${belongings.logins} in all`}</p>
        )}
        <SectionHeading
          title="Personal access tokens"
          action={tokens.length > 0 && (
            <a class="button" href={revokeAllPath(id)}>Revoke all tokens</a>
          )}
        />
        {tokens.length === 0
          ? <p class="muted" id="no-tokens">No active tokens.</p>
          : await tokenRows(deps, { tokens, now, isOwn, caption: "Active tokens" })}
        <p>
          <a href={`/admin/tokens?owner=${id}`}>
            {belongings.tokens > tokens.length
              ? `All ${belongings.tokens} tokens`
              : "All tokens of this person"}
          </a>
        </p>
      </main>
    ),
  });
}

function SectionHeading({ title, action }: { title: string; action: Child }) {
  return (
    <div class="heading section">
      <h2>{title}</h2>
      {action && <div class="actions">{action}</div>}
    </div>
  );
}

function PersonActions({ person, isOwn }: { person: ShownUser; isOwn: boolean }) {
  const { id, disabled, email } = person;
  return (
    <>
      <a class="button" href={personPagePath("edit", id)}>Edit</a>
      <a class="button" href={accessPath({ user: email })}>Check access</a>
      <a class="button" href={auditUrl({ actor: id })}>Events</a>
      {!isOwn && (
        <>
          <a
            class={disabled ? "button" : "button caution"}
            href={personPagePath("access", id)}
          >
            {disabled ? "Enable account" : "Disable account"}
          </a>
          <a class="button caution" href={personPagePath("offboard", id)}>Offboard</a>
          <a class="button caution" href={personPagePath("delete", id)}>Delete account</a>
        </>
      )}
    </>
  );
}

function PersonFacts(
  { person, isOwn, now }: { person: ShownUser; isOwn: boolean; now: number },
) {
  const { disabledAt, lastSignedInAt, createdAt, emailVerified, groups, methods } = person;
  return (
    <dl>
      <Fact name="State">
        <PersonState user={person} />
        {isOwn && <span class="muted">{` (this is you)`}</span>}
      </Fact>
      {disabledAt !== null && (
        <Fact name="Disabled">
          <TimeAgo at={new Date(disabledAt)} now={now} dated />
        </Fact>
      )}
      <Fact name="Groups">
        {groups.length === 0 ? <span class="muted">None</span> : groups.map((group, index) => (
          <>
            {index > 0 && ", "}
            <a href={`${PEOPLE_PATH}?${new URLSearchParams({ group })}`}>
              <UntrustedText text={group} max={200} />
            </a>
          </>
        ))}
      </Fact>
      <Fact name="Last sign-in">
        {lastSignedInAt === null
          ? "Never"
          : <TimeAgo at={new Date(lastSignedInAt)} now={now} dated />}
      </Fact>
      <Fact name="Added">
        <TimeAgo at={new Date(createdAt)} now={now} dated />
      </Fact>
      <Fact name="E-mail address">
        {emailVerified ? "Verified" : "Not verified"}
        {disabledAt === null && (
          <>
            {" · "}
            <a href={personPagePath("address-link", person.id)}>Link to confirm another address</a>
          </>
        )}
      </Fact>
      <Fact name="Sign-in methods">
        {describeMethods(person)}
        {disabledAt === null && (
          <>
            {" · "}
            <a href={personPagePath("password-link", person.id)}>Link to choose a password</a>
            {describeFactors(methods) !== "" && (
              <>
                {" · "}
                <a href={personPagePath("reset-factors", person.id)}>Remove second factors</a>
              </>
            )}
          </>
        )}
      </Fact>
      <Fact name="ID">
        <code>{person.id}</code>
      </Fact>
    </dl>
  );
}

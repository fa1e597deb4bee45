import { sanitizeLine } from "../../../../shared/sanitize.ts";
import { listPersonalAccessTokens } from "../../../store/pats/list.ts";
import { listRefreshTokenFamilies } from "../../../store/refresh_token_families.ts";
import { loginsOfUser } from "../../account/login_list.tsx";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { tokenRows } from "../../tokens/token_rows.tsx";
import { Fact } from "../../ui/facts.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { accessPath } from "./access.tsx";
import { findPerson, PEOPLE_CRUMB } from "./find_person.tsx";
import { PersonState } from "./person_state.tsx";

/** The page of all tokens has the others; logins are the most recently used. */
const MAX_TOKENS = 10;
const MAX_LOGINS = 25;

/** One user, with the logins and tokens. */
export async function showPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.req.param("id"));
  if (person instanceof Response) return person;
  const { id, email, disabled, disabledAt, lastSignedInAt, belongings } = person;
  const now = deps.clock.now();
  const logins = await listRefreshTokenFamilies(deps.sql, {
    userId: id,
    now: new Date(now),
    limit: MAX_LOGINS,
  });
  const tokens = await listPersonalAccessTokens(deps.sql, {
    ownerId: id,
    status: { at: new Date(now), active: true },
    limit: MAX_TOKENS,
  });
  const name = sanitizeLine(person.name, 100) || sanitizeLine(email, 100);
  const isSelf = id === signedInSession(c).user.id;
  return await renderPage(deps, c, {
    name: "person",
    title: name,
    breadcrumbs: [PEOPLE_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={<bdi>{name}</bdi>}
          lead={<UntrustedText text={email} max={254} />}
          actions={!isSelf && (
            <a class={disabled ? "button" : "button caution"} href={accessPath(id)}>
              {disabled ? "Enable account" : "Disable account"}
            </a>
          )}
        />
        <dl>
          <Fact name="State">
            <PersonState user={person} />
            {isSelf && <span class="muted">{` (this is you)`}</span>}
          </Fact>
          {disabledAt !== null && (
            <Fact name="Disabled">
              <TimeAgo at={new Date(disabledAt)} now={now} dated />
            </Fact>
          )}
          <Fact name="Last sign-in">
            {lastSignedInAt === null
              ? "Never"
              : <TimeAgo at={new Date(lastSignedInAt)} now={now} dated />}
          </Fact>
          <Fact name="Added">
            <TimeAgo at={new Date(person.createdAt)} now={now} dated />
          </Fact>
          <Fact name="E-mail address">
            {person.emailVerified ? "Verified by an operator" : "Not verified"}
          </Fact>
          <Fact name="Browsers">{belongings.browsers}</Fact>
        </dl>
        <h2>Logins</h2>
        {await loginsOfUser(deps, logins)}
        {belongings.logins > logins.length && (
          <p class="muted small">{`${belongings.logins} in all`}</p>
        )}
        <h2>Personal access tokens</h2>
        {tokens.length === 0
          ? <p class="muted" id="no-tokens">No active tokens.</p>
          : await tokenRows(deps, { tokens, now, isOwn: isSelf, caption: "Active tokens" })}
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

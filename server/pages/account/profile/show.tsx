import { countBelongings } from "../../../store/user_belongings.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { SECURITY_PATH } from "../security/paths.ts";
import { EMAIL_PATH, EXPORT_PATH, NAME_PATH } from "./paths.ts";

/** GET /account: who the user is here, and where to change it. */
export async function showAccount(deps: PageDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  const now = deps.clock.now();
  const { browsers, logins, tokens } = await countBelongings(deps.sql, user.id, new Date(now));
  return await renderPage(deps, c, {
    name: "account",
    title: "Your account",
    breadcrumbs: [{ path: "/", label: "Overview" }],
    children: (
      <main class="wide">
        <PageHeading
          title="Your account"
          lead="Who you are on this server, and what you can use."
        />
        <h2>Profile</h2>
        <dl>
          <Fact name="Name">
            <UntrustedText text={user.name} max={100} /> <a href={NAME_PATH}>Change name</a>
          </Fact>
          <Fact name="E-mail address">
            <UntrustedText text={user.email} max={254} />{" "}
            <span class="muted">{user.emailVerified ? "(verified)" : "(not verified)"}</span>{" "}
            <a href={EMAIL_PATH}>Change e-mail address</a>
          </Fact>
          <Fact name="Role">{user.isAdmin ? "Administrator" : "User"}</Fact>
          <Fact name="Groups">
            {user.groups.length === 0
              ? <span class="muted">None</span>
              : <UntrustedText text={user.groups.join(", ")} max={2000} />}
          </Fact>
          <Fact name="Added">
            <TimeAgo at={user.createdAt} now={now} dated />
          </Fact>
          <Fact name="ID">
            <code>{user.id}</code>
          </Fact>
        </dl>
        <h2>Access</h2>
        <ul class="choices">
          <li>
            <a href={SECURITY_PATH}>
              Sign-in methods
              <span class="muted small">Password, passkeys, authenticator app</span>
            </a>
          </li>
          <li>
            <a href="/devices">
              Logins and browsers
              <span class="muted small">
                {formatCount(logins, "login")}, {formatCount(browsers, "browser")}
              </span>
            </a>
          </li>
          <li>
            <a href="/tokens">
              Personal access tokens
              <span class="muted small">{`${tokens} active`}</span>
            </a>
          </li>
        </ul>
        <h2>Your data</h2>
        <p>
          Download what this server stores about you, as JSON: your profile, groups, sign-in
          methods, browsers, logins, tokens, approvals and your entries in the audit log. It
          contains no passwords and no tokens.
        </p>
        <p>
          <a class="button" href={EXPORT_PATH} download>Download your data</a>
        </p>
      </main>
    ),
  });
}

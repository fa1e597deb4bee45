import type { Clock } from "../../../shared/clock.ts";
import { MAX_LOGIN_NAME, toLoginName } from "../../../shared/login_name.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  type RefreshTokenFamily,
  renameRefreshTokenFamily,
} from "../../store/refresh_token_families.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { setNotice } from "../http/notice.ts";
import { safeRedirect } from "../http/safe_redirect.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { TextField } from "../ui/text_field.tsx";
import { alreadyRevoked, findOwnLogin } from "./own_login.ts";

const MISSING_NAME: FormProblem = {
  code: "missing_name",
  message: "Enter a name by which you recognize the login, such as the name of the computer.",
  fields: ["name"],
};

const NAME_TOO_LONG: FormProblem = {
  code: "name_too_long",
  message: `The name is too long. Use at most ${MAX_LOGIN_NAME} characters.`,
  fields: ["name"],
};

interface RenameLoginDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
}

/** GET /logins/rename?login=…&back=… */
export async function showRenameLogin(deps: RenameLoginDeps, c: PageContext): Promise<Response> {
  const back = safeRedirect(c.get("query")("back"));
  const login = await findOwnLogin(deps, c, c.get("query")("login"));
  if (login === undefined) return alreadyRevoked(deps, c, back);
  return await renameLoginPage(deps, c, { login, back, entered: login.name ?? "" });
}

/** POST /logins/rename */
export async function submitRenameLogin(deps: RenameLoginDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const back = safeRedirect(form("back"));
  const login = await findOwnLogin(deps, c, form("login"));
  if (login === undefined) return alreadyRevoked(deps, c, back);
  const entered = form("name")?.trim() ?? "";
  const name = toLoginName(entered);
  const problem = [...entered].length > MAX_LOGIN_NAME ? NAME_TOO_LONG : MISSING_NAME;
  if (name === undefined || problem === NAME_TOO_LONG) {
    return await renameLoginPage(deps, c, { login, back, entered }, [problem]);
  }
  if (name !== login.name) {
    const userId = signedInSession(c).user.id;
    const renaming = { id: login.id, userId, name, now: new Date(clock.now()) };
    if (!await renameRefreshTokenFamily(sql, renaming)) return alreadyRevoked(deps, c, back);
    await recordAuditEvent(sql, clock, {
      event: "login.renamed",
      actor: userId,
      subject: login.id,
      address: c.get("requester").address,
      details: { name },
    });
  }
  setNotice(deps, c, { code: "login_renamed", text: `The login is now called ${name}.` });
  return c.redirect(back, 303);
}

async function renameLoginPage(
  deps: RenderDeps,
  c: PageContext,
  { login, back, entered }: { login: RefreshTokenFamily; back: string; entered: string },
  problems: readonly FormProblem[] = [],
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "rename_login",
    title: formTitle("Rename login", problems),
    breadcrumbs: [{ path: "/devices", label: "Logins" }],
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Rename login</h1>
        <ErrorSummary problems={problems} />
        <form method="post" action="/logins/rename">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={{ login: login.id, back }} />
          <TextField
            id="name"
            label="Name"
            hint="Only you see it, here and in the terminal of this login."
            problems={problems}
            type="text"
            autocomplete="off"
            required
            maxlength={MAX_LOGIN_NAME}
            value={entered}
          />
          <div class="choice">
            <button class="main" type="submit">Save name</button>
            <a class="button" href={back}>Cancel</a>
          </div>
        </form>
      </main>
    ),
  });
}

import { brand } from "../../../shared/brand.ts";
import { sharedNetwork } from "../../http/client_ip.ts";
import { hashPassword } from "../../security/password_hash.ts";
import { passwordProblem } from "../../security/password_rules.ts";
import { passwordFactor } from "../../sign_in/first_factor.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import {
  createFirstAdministrator,
  type SetupLinkState,
  setupLinkState,
} from "../../store/setup_links.ts";
import { emailProblem, nameProblem } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage } from "../http/error_page.tsx";
import type { FormProblem } from "../http/form_problem.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { ErrorSummary, formTitle } from "../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { TextField } from "../ui/text_field.tsx";
import { EmailField, NewPasswordFields } from "./account_fields.tsx";
import { completeSignIn, type CompleteSignInDeps } from "./complete_sign_in.ts";
import { SetupInstructions } from "./setup_instructions.tsx";

interface SetupForm {
  setupToken: string;
  name: string;
  email: string;
}

type SetupDeps = CompleteSignInDeps;

/** GET /setup?token=…: the setup link that `serve` prints. */
export async function showSetup(deps: SetupDeps, c: PageContext): Promise<Response> {
  const setupToken = c.get("query")("token") ?? "";
  const state = await setupLinkState(deps.sql, { setupToken, now: new Date(deps.clock.now()) });
  if (state !== "usable") return await unusableLinkPage(deps, c, state);
  return await setupPage(deps, c, { setupToken, name: "", email: "" }, []);
}

/** POST /setup: creates the first administrator and signs them in. */
export async function submitSetup(deps: SetupDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const setupToken = form("setup_token") ?? "";
  const email = (form("email") ?? "").trim();
  const name = (form("name") ?? "").trim();
  const password = form("password") ?? "";
  const now = new Date(clock.now());
  // Before the password is hashed, which is expensive.
  const state = await setupLinkState(sql, { setupToken, now });
  if (state !== "usable") return await unusableLinkPage(deps, c, state);
  const problems = fieldProblems({
    name: nameProblem(name),
    email: emailProblem(email),
    password: passwordProblem(password, { email, name }),
    repeated_password: (form("repeated_password") ?? "") === password
      ? undefined
      : "The passwords do not match.",
  });
  if (problems.length > 0) {
    return await setupPage(deps, c, { setupToken, name, email }, problems);
  }
  const { address } = c.get("requester");
  const passwordHash = await hashPassword(password, {
    network: sharedNetwork(address),
    known: true,
  });
  const user = await createFirstAdministrator(sql, { setupToken, email, name, passwordHash, now });
  if (typeof user === "string") return await unusableLinkPage(deps, c, user);
  const by = { actor: user.id, subject: user.id, address };
  await recordAuditEvent(sql, clock, { event: "setup.used", ...by });
  await recordAuditEvent(sql, clock, { event: "user.created", ...by, details: { admin: true } });
  return await completeSignIn(deps, c, user, passwordFactor(user), { next: "/" });
}

function fieldProblems(messages: Record<string, string | undefined>): FormProblem[] {
  return Object.entries(messages).flatMap(([field, message]) =>
    message === undefined ? [] : [{ code: "invalid", message, fields: [field] }]
  );
}

async function unusableLinkPage(
  deps: RenderDeps,
  c: PageContext,
  state: Exclude<SetupLinkState, "usable">,
): Promise<Response> {
  if (state === "already_set_up") {
    return await errorPage(deps, c, {
      code: "gone",
      id: "already_set_up",
      title: "This server is already set up",
      children: (
        <>
          <p>It has an administrator, so the setup link no longer works.</p>
          <p>
            <a class="button main" href="/signin">Sign in</a>
          </p>
        </>
      ),
    });
  }
  return await errorPage(deps, c, {
    code: "gone",
    id: "invalid_setup_link",
    title: "Invalid setup link",
    children: (
      <>
        <p>The link is incomplete, has been used or has expired.</p>
        <SetupInstructions />
      </>
    ),
  });
}

async function setupPage(
  deps: RenderDeps,
  c: PageContext,
  { setupToken, name, email }: SetupForm,
  problems: readonly FormProblem[],
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "setup",
    title: formTitle("Set up", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Set up {brand.productName}</h1>
        <ErrorSummary problems={problems} />
        <p>Create the first account. It will be an administrator.</p>
        <form method="post" action="/setup">
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={{ setup_token: setupToken }} />
          <TextField
            id="name"
            label="Your name"
            problems={problems}
            autocomplete="name"
            required
            maxlength={100}
            value={name}
            autofocus={problems.length === 0}
          />
          <EmailField value={email} problems={problems} />
          <NewPasswordFields problems={problems} />
          <button class="main" type="submit">Create account</button>
        </form>
      </main>
    ),
  });
}

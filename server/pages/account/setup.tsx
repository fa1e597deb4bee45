import { brand } from "../../../shared/brand.ts";
import { neighbourhood } from "../../http/client_ip.ts";
import {
  hashPassword,
  MIN_PASSWORD_LENGTH,
  passwordProblem,
} from "../../security/password_hash.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import {
  createFirstAdministrator,
  type SetupLinkState,
  setupLinkState,
} from "../../store/setup_links.ts";
import { emailProblem, nameProblem } from "../../store/users.ts";
import { startSession } from "../http/browser_session.ts";
import { ErrorSummary, Field, fieldState, type FormProblem, formTitle } from "../ui/form_field.tsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "../ui/layout.tsx";
import { errorPage, type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { SetupInstructions } from "./sign_in.tsx";

interface Entered {
  setupToken: string;
  name: string;
  email: string;
}

/** GET /setup?token=…: the page behind the link on the operator's terminal. */
export async function showSetup(deps: PageDeps, c: PageContext): Promise<Response> {
  const setupToken = c.req.query("token") ?? "";
  const state = await setupLinkState(deps.sql, { setupToken, now: new Date(deps.clock.now()) });
  if (state !== "usable") return await linkProblem(deps, c, state);
  return await setupPage(deps, c, { setupToken, name: "", email: "" }, []);
}

/** POST /setup: makes the first administrator and signs them in. */
export async function submitSetup(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const form = c.get("form");
  const setupToken = form("setup_token") ?? "";
  const email = (form("email") ?? "").trim();
  const name = (form("name") ?? "").trim();
  const password = form("password") ?? "";
  // Before the costly hash, which nobody without a link shall cause.
  const now = new Date(clock.now());
  const state = await setupLinkState(sql, { setupToken, now });
  if (state !== "usable") return await linkProblem(deps, c, state);
  const found: [field: string, message: string | undefined][] = [
    ["name", nameProblem(name)],
    ["email", emailProblem(email)],
    ["password", passwordProblem(password)],
    [
      "repeated_password",
      (form("repeated_password") ?? "") === password ? undefined : "The passwords differ.",
    ],
  ];
  const problems = found.flatMap(([field, message]) =>
    message === undefined ? [] : [{ message, fields: [field] }]
  );
  if (problems.length > 0) {
    return await setupPage(deps, c, { setupToken, name, email }, problems);
  }
  const { address } = c.get("requester");
  const passwordHash = await hashPassword(password, {
    network: neighbourhood(address),
    known: true,
  });
  const user = await createFirstAdministrator(sql, { setupToken, email, name, passwordHash, now });
  if (typeof user === "string") return await linkProblem(deps, c, user);
  const by = { actor: user.id, subject: user.id, address };
  await recordAuditEvent(sql, clock, { event: "setup.used", ...by });
  await recordAuditEvent(sql, clock, { event: "user.created", ...by, details: { admin: true } });
  if (await startSession(deps, c, user)) {
    await recordAuditEvent(sql, clock, { event: "signin.succeeded", actor: user.id, address });
  }
  return c.redirect("/", 303);
}

async function linkProblem(
  deps: PageDeps,
  c: PageContext,
  state: Exclude<SetupLinkState, "usable">,
): Promise<Response> {
  if (state === "already_set_up") {
    return await errorPage(deps, c, {
      title: "This server is set up already",
      status: 410,
      children: (
        <>
          <p>It has an administrator, so this link does nothing any more.</p>
          <p>
            <a href="/signin">Sign in</a>
          </p>
        </>
      ),
    });
  }
  return await errorPage(deps, c, {
    title: "This set-up link does not work",
    status: 410,
    children: (
      <>
        <p>It has been used, has expired, or was not copied whole.</p>
        <SetupInstructions />
      </>
    ),
  });
}

async function setupPage(
  deps: PageDeps,
  c: PageContext,
  entered: Entered,
  problems: readonly FormProblem[],
): Promise<Response> {
  return await renderPage(deps, c, {
    title: formTitle("Set up", problems),
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main>
        <h1>Set up {brand.productName}</h1>
        <ErrorSummary problems={problems} />
        <p>Make the first account. It will be the administrator’s.</p>
        <form method="post" action="/setup">
          <CsrfField token={csrfToken(deps, c)} />
          <input type="hidden" name="setup_token" value={entered.setupToken} />
          <Field id="name" label="Your name" problems={problems}>
            <input
              id="name"
              name="name"
              autocomplete="name"
              required
              maxlength={100}
              value={entered.name}
              autofocus={problems.length === 0}
              {...fieldState(problems, "name")}
            />
          </Field>
          <Field id="email" label="E-mail address" problems={problems}>
            <input
              id="email"
              name="email"
              type="email"
              inputmode="email"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              maxlength={254}
              value={entered.email}
              {...fieldState(problems, "email")}
            />
          </Field>
          <Field
            id="password"
            label="Password"
            hint={`At least ${MIN_PASSWORD_LENGTH} characters. A few unrelated words make a good one.`}
            problems={problems}
          >
            <input
              id="password"
              name="password"
              type="password"
              autocomplete="new-password"
              required
              minlength={MIN_PASSWORD_LENGTH}
              {...fieldState(problems, "password", { hint: true })}
            />
          </Field>
          <Field id="repeated_password" label="Password once more" problems={problems}>
            <input
              id="repeated_password"
              name="repeated_password"
              type="password"
              autocomplete="new-password"
              required
              minlength={MIN_PASSWORD_LENGTH}
              {...fieldState(problems, "repeated_password")}
            />
          </Field>
          <button class="main" type="submit">Make the account</button>
        </form>
      </main>
    ),
  });
}

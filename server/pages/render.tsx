import type { Child } from "hono/jsx";
import type { Context } from "hono";
import { sanitizePage } from "../../shared/sanitize.ts";
import type { AppParts } from "../app_parts.ts";
import type { FormParameters } from "../http/form.ts";
import type { ClientInfo, ConnectionBindings } from "../http/client_info.ts";
import type { GeoipLookup } from "../geoip.ts";
import type { Session } from "../store/sessions.ts";
import { csrfToken } from "./http/csrf.ts";
import { Layout } from "./ui/layout.tsx";
import { takeNotice } from "./http/notice.ts";
import type { TokenAccess } from "./tokens/show.tsx";

export interface PageDeps extends AppParts {
  placeOf: GeoipLookup;
}

/** What every page knows of its request. */
export interface PageEnv {
  Bindings: ConnectionBindings;
  Variables: {
    requester: ClientInfo;
    /** The value of the browser's cookie, signed in or not. */
    browserToken: string | undefined;
    session: Session | undefined;
    /** The form of a POST, checked against forgery. */
    form: FormParameters;
    /** The token in the path, where the page is about one. */
    tokenAccess: TokenAccess;
  };
}

export type PageContext = Context<PageEnv>;

export type PageStatus = 200 | 400 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 503;

/** Answers with a whole page. */
export async function renderPage(
  deps: AppParts,
  c: PageContext,
  content: { title: string; status?: PageStatus; children: Child },
): Promise<Response> {
  const session = c.get("session");
  const body = await (
    <Layout
      title={content.title}
      email={session?.user.email}
      csrfToken={session && csrfToken(deps, c)}
      notice={takeNotice(deps, c)}
    >
      {content.children}
    </Layout>
  );
  // Untrusted text is shown by <Foreign>; this is for what should have been.
  return c.html(sanitizePage(`<!doctype html>${body}`), content.status ?? 200);
}

/** A page that says what went wrong and what to do. */
export async function errorPage(
  deps: AppParts,
  c: PageContext,
  problem: { title: string; status: PageStatus; children: Child },
): Promise<Response> {
  const { title, status, children } = problem;
  return await renderPage(deps, c, {
    title,
    status,
    children: (
      <main>
        <h1>{title}</h1>
        {children}
      </main>
    ),
  });
}

/** The answer to somebody who guessed too often (RFC 6585 section 4). */
export async function rateLimitedPage(
  deps: AppParts,
  c: PageContext,
  problem: { what: string; retryAfterSeconds: number },
): Promise<Response> {
  c.header("Retry-After", String(problem.retryAfterSeconds));
  const minutes = Math.ceil(problem.retryAfterSeconds / 60);
  return await errorPage(deps, c, {
    title: "Too many attempts",
    status: 429,
    children: (
      <>
        <p>{problem.what}</p>
        <p>
          Try again in{" "}
          {minutes === 1 ? "a minute" : `${minutes} minutes`}. Nothing is lost: your account and
          your logins stay as they are.
        </p>
      </>
    ),
  });
}

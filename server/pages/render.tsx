import type { Child } from "hono/jsx";
import type { Context } from "hono";
import { sanitizePage } from "../../shared/sanitize.ts";
import type { AppParts } from "../app_parts.ts";
import type { FormParameters } from "../http/form.ts";
import type { ClientInfo, ConnectionBindings } from "../http/client_info.ts";
import type { PlaceOf } from "../geoip.ts";
import type { Session } from "../store/sessions.ts";
import { csrfToken } from "./http/csrf.ts";
import { Layout } from "./ui/layout.tsx";
import { takeNotice } from "./http/notice.ts";
import type { ReachableToken } from "./tokens/show.tsx";

export interface PageParts extends AppParts {
  placeOf: PlaceOf;
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
    reachedToken: ReachableToken;
  };
}

export type PageContext = Context<PageEnv>;

export type PageStatus = 200 | 400 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 503;

/** Answers with a whole page. */
export async function page(
  parts: AppParts,
  c: PageContext,
  content: { title: string; status?: PageStatus; children: Child },
): Promise<Response> {
  const session = c.get("session");
  const body = await (
    <Layout
      title={content.title}
      email={session?.user.email}
      csrfToken={session && csrfToken(parts, c)}
      notice={takeNotice(parts, c)}
    >
      {content.children}
    </Layout>
  );
  // Untrusted text is shown by <Foreign>; this is for what should have been.
  return c.html(sanitizePage(`<!doctype html>${body}`), content.status ?? 200);
}

/** A page that says what went wrong and what to do. */
export async function problemPage(
  parts: AppParts,
  c: PageContext,
  problem: { title: string; status: PageStatus; children: Child },
): Promise<Response> {
  const { title, status, children } = problem;
  return await page(parts, c, {
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
export async function throttledPage(
  parts: AppParts,
  c: PageContext,
  problem: { what: string; retryAfterSeconds: number },
): Promise<Response> {
  c.header("Retry-After", String(problem.retryAfterSeconds));
  const minutes = Math.ceil(problem.retryAfterSeconds / 60);
  return await problemPage(parts, c, {
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

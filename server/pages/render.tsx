import type { Child } from "hono/jsx";
import { sanitizePage } from "../../shared/sanitize.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import type { PageContext, PageStatus } from "./context.ts";
import { csrfToken } from "./http/csrf.ts";
import { takeNotice } from "./http/notice.ts";
import type { Crumb } from "./ui/breadcrumbs.tsx";
import { Layout } from "./ui/layout.tsx";

export interface RenderDeps {
  issuer: string;
  secrets: Pick<ServerSecrets, "formKey">;
}

export interface PageContent {
  /** Identifies the page in `data-page`: tests assert on it instead of its text. */
  name: string;
  title: string;
  /** The pages above this one, the part of the dashboard first; see ui/navigation.tsx. */
  breadcrumbs?: readonly Crumb[];
  /** This page among its breadcrumbs, if not the title. */
  crumb?: string;
  status?: PageStatus;
  /** Identifies what went wrong, in `data-error`. */
  error?: string;
  /** Where the browser goes at once. */
  refresh?: string;
  children: Child;
}

export async function renderPage(
  deps: RenderDeps,
  c: PageContext,
  content: PageContent,
): Promise<Response> {
  const session = c.get("session");
  const body = await (
    <Layout
      name={content.name}
      error={content.error}
      title={content.title}
      path={c.req.path}
      breadcrumbs={content.breadcrumbs}
      crumb={content.crumb}
      refresh={content.refresh}
      user={session?.user}
      csrfToken={session && csrfToken(deps, c)}
      notice={takeNotice(deps, c)}
    >
      {content.children}
    </Layout>
  );
  // A second line of defence: <UntrustedText> sanitizes what others wrote.
  return c.html(sanitizePage(`<!doctype html>${body}`), content.status ?? 200);
}

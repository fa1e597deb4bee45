import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";

/**
 * Sends the browser elsewhere after a form was submitted. A redirect would be blocked: `form-action`
 * applies to all redirects that follow a form, those of the client too, and cannot name each of
 * them. A page that leaves without a form is not affected. See docs/decisions/0021.
 */
export async function leavePage(deps: RenderDeps, c: PageContext, url: string): Promise<Response> {
  return await renderPage(deps, c, {
    name: "leave",
    title: "Continue",
    refresh: url,
    children: (
      <main>
        <h1>Returning to the application</h1>
        <p>
          If nothing happens, <a href={url} id="continue" rel="noreferrer">continue</a>.
        </p>
        <p class="muted small">You can close this page once the application has opened.</p>
      </main>
    ),
  });
}

/** The same within this server, after a sign-in whose next page may redirect elsewhere. */
export async function continuePage(
  deps: RenderDeps,
  c: PageContext,
  path: string,
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "continue",
    title: "Continue",
    refresh: path,
    children: (
      <main>
        <h1>Signed in</h1>
        <p>
          If nothing happens, <a href={path} id="continue">continue</a>.
        </p>
      </main>
    ),
  });
}

import { signedInSession } from "../../http/browser_session.ts";
import { type RenderDeps, renderPage } from "../../render.tsx";
import type { PageContext } from "../../context.ts";
import { PageHeading } from "../../ui/page_heading.tsx";
import { passwordSection } from "./password_section.tsx";

/** GET /account/security: how the user signs in, a section for each method. */
export async function showSecurity(deps: RenderDeps, c: PageContext): Promise<Response> {
  const { user } = signedInSession(c);
  return await renderPage(deps, c, {
    name: "security",
    title: "Sign-in methods",
    breadcrumbs: [{ path: "/", label: "Overview" }],
    children: (
      <main class="wide">
        <PageHeading title="Sign-in methods" lead="How you sign in to this server." />
        {passwordSection(user)}
      </main>
    ),
  });
}

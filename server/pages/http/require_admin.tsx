import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import type { RenderDeps } from "../render.tsx";
import { errorPage } from "./error_page.tsx";

/** The error page for a user who is not an administrator; undefined for administrators. */
export async function requireAdmin(
  deps: RenderDeps,
  c: PageContext,
  { user }: Session,
): Promise<Response | undefined> {
  if (user.isAdmin) return undefined;
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "administrators_only",
    title: "Administrators only",
    children: <p>Only administrators can open this page. Ask an administrator for help.</p>,
  });
}

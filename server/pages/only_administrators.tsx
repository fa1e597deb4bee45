import { redirectToSignIn } from "./browser_session.ts";
import { type PageContext, type PageParts, problemPage } from "./page.tsx";

/** The answer to everybody else, who came to `path`; undefined lets an administrator pass. */
export async function onlyAdministrators(
  parts: PageParts,
  c: PageContext,
  path: string,
): Promise<Response | undefined> {
  const session = c.get("session");
  if (session === undefined) return redirectToSignIn(c, path);
  if (session.user.isAdmin) return undefined;
  return await problemPage(parts, c, {
    title: "For administrators",
    status: 403,
    children: <p>Ask an administrator of this server to do it, or to make you one.</p>,
  });
}

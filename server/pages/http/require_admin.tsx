import { errorPage, type PageContext, type PageDeps } from "../render.tsx";

/** What everybody else reads on a page for administrators. */
export async function requireAdmin(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "For administrators",
    status: 403,
    children: <p>Ask an administrator of this server to do it, or to make you one.</p>,
  });
}

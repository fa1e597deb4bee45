import { type PageContext, type PageParts, problemPage } from "../render.tsx";

/** What everybody else reads on a page for administrators. */
export async function requireAdmin(parts: PageParts, c: PageContext): Promise<Response> {
  return await problemPage(parts, c, {
    title: "For administrators",
    status: 403,
    children: <p>Ask an administrator of this server to do it, or to make you one.</p>,
  });
}

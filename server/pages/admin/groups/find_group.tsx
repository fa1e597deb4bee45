import { listAllGroups } from "../../../admin/group_operations.ts";
import type { GroupView } from "../../../admin/group_view.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { administrator } from "../administrator.ts";
import { readOnlyReason } from "./facts.tsx";
import { groupPath, GROUPS_PATH } from "./paths.ts";

/** The group with this name, or the error page. */
export async function findGroup(
  deps: PageDeps,
  c: PageContext,
  name = "",
): Promise<GroupView | Response> {
  const groups = await listAllGroups(administrator(deps, c), {});
  const group = groups.find((group) => group.name === name);
  if (group !== undefined) return group;
  return await errorPage(deps, c, {
    code: "not_found",
    id: "group_not_found",
    title: "Group not found",
    children: (
      <p>
        There is no such group; it may have been removed. <a href={GROUPS_PATH}>View all groups</a>
      </p>
    ),
  });
}

/** The same, for a page that changes its settings. */
export async function findChangeableGroup(
  deps: PageDeps,
  c: PageContext,
  name: string | undefined,
): Promise<GroupView | Response> {
  const group = await findGroup(deps, c, name);
  if (group instanceof Response) return group;
  const reason = readOnlyReason(group);
  if (reason === undefined) return group;
  setNotice(deps, c, { code: "group_read_only", text: reason, problem: true });
  return c.redirect(groupPath("show", group.name), 303);
}

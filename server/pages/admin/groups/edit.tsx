import { updateGroup } from "../../../admin/group_operations.ts";
import type { GroupView } from "../../../admin/group_view.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { administrator } from "../administrator.ts";
import { findChangeableGroup } from "./find_group.tsx";
import { readSettings, SettingFields } from "./form.tsx";
import { groupCrumbs, groupPath } from "./paths.ts";

/** GET /admin/groups/edit?group=… */
export async function showEditGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findChangeableGroup(deps, c, c.get("query")("group"));
  return group instanceof Response ? group : await editGroupPage(deps, c, group, {});
}

/** POST /admin/groups/edit */
export async function submitEditGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const group = await findChangeableGroup(deps, c, form("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const { description, from } = readSettings(form);
  const isChanged = (before: unknown, after: unknown) =>
    JSON.stringify(before) !== JSON.stringify(after);
  const changes = {
    ...name !== "admin" && isChanged(group.description, description) && { description },
    ...isChanged(group.from, from) && { from: from && [...from] },
  };
  const isUnchanged = Object.keys(changes).length === 0;
  const updated = isUnchanged ? group : await updateGroup(administrator(deps, c), {
    name,
    ...changes,
  });
  if (updated instanceof DomainError) {
    return await editGroupPage(deps, c, group, { form, problems: [toFormProblem(updated)] });
  }
  setNotice(
    deps,
    c,
    isUnchanged ? { code: "group_unchanged", text: "Nothing was changed." } : {
      code: "group_changed",
      text: `Changed ${name}. It has ${formatCount(updated.members, "member")} now.`,
    },
  );
  return c.redirect(groupPath("show", name), 303);
}

async function editGroupPage(
  deps: PageDeps,
  c: PageContext,
  group: GroupView,
  submitted: SubmittedForm,
): Promise<Response> {
  const { name } = group;
  return await formPage(deps, c, {
    name: "edit_group",
    title: `Edit ${name}`,
    breadcrumbs: groupCrumbs(name),
    intro: name === "admin" && (
      <p>
        Members of these groups are administrators, as long as their directory says so. Keep an
        administrator who signs in with a password, for the time when the directory cannot be
        reached.
      </p>
    ),
    fields: (
      <>
        <HiddenFields fields={{ group: name }} />
        <SettingFields settings={group} isAdminGroup={name === "admin"} {...submitted} />
      </>
    ),
    managedBy: group.managedBy,
    submit: "Save changes",
    cancelPath: groupPath("show", name),
  }, submitted);
}

import { addGroupMember, removeGroupMember } from "../../../admin/group_member_operations.ts";
import type { GroupView } from "../../../admin/group_view.ts";
import { DomainError } from "../../../domain_error.ts";
import { findUserByReference } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formPage, type SubmittedForm } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findGroup } from "./find_group.tsx";
import { groupCrumbs, groupPath } from "./paths.ts";

/** GET /admin/groups/add-member?group=… */
export async function showAddMember(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findGroup(deps, c, c.get("query")("group"));
  return group instanceof Response ? group : await addMemberPage(deps, c, group, {});
}

/** POST /admin/groups/add-member */
export async function submitAddMember(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const group = await findGroup(deps, c, form("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const params = { name, user: form("user")?.trim() ?? "" };
  const added = await addGroupMember(administrator(deps, c), params);
  if (added instanceof DomainError) {
    const problems = [toFormProblem(added, { email: "user", name: "user" })];
    return await addMemberPage(deps, c, group, { form, problems });
  }
  setNotice(deps, c, {
    code: added.changed ? "member_added" : "member_unchanged",
    text: added.changed
      ? `Added ${added.email} to ${name}.`
      : `${added.email} was added to ${name} before.`,
  });
  return c.redirect(groupPath("show", name), 303);
}

async function addMemberPage(
  deps: PageDeps,
  c: PageContext,
  { name, scopes }: GroupView,
  submitted: SubmittedForm,
): Promise<Response> {
  const { form, problems = [] } = submitted;
  return await formPage(deps, c, {
    name: "add_member",
    title: `Add a member to ${name}`,
    breadcrumbs: groupCrumbs(name),
    intro: name === "admin"
      ? <p>Members are administrators: they can do everything that you can do here.</p>
      : scopes.length > 0 && (
        <p>
          Members can have {scopes.map((scope, index) => (
            <>
              {index > 0 && ", "}
              <code>{scope}</code>
            </>
          ))}
          .
        </p>
      ),
    fields: (
      <>
        <HiddenFields fields={{ group: name }} />
        <TextField
          id="user"
          label="E-mail address of the user"
          hint="The user stays a member, whatever directories say, until removed here."
          problems={problems}
          required
          maxlength={254}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          autofocus={problems.length === 0}
          value={form?.("user") ?? ""}
        />
      </>
    ),
    submit: "Add member",
    cancelPath: groupPath("show", name),
  }, submitted);
}

function ScopeList({ names }: { names: readonly string[] }) {
  return (
    <>
      {names.map((name, index) => (
        <>
          {index > 0 && ", "}
          <code>{name}</code>
        </>
      ))}
    </>
  );
}

/** GET /admin/groups/remove-member?group=…&user=… */
export async function showRemoveMember(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findGroup(deps, c, c.get("query")("group"));
  if (group instanceof Response) return group;
  const { name, scopes } = group;
  // PostgreSQL's text type cannot contain NUL.
  const reference = c.get("query")("user") ?? "";
  const user = await findUserByReference(deps.sql, reference);
  if (user === undefined) return c.redirect(groupPath("show", name), 303);
  return await confirmationPage(deps, c, {
    name: "remove_member",
    title: `Remove this member from ${name}?`,
    breadcrumbs: groupCrumbs(name),
    fields: { group: name, user: user.id },
    confirm: "Remove member",
    cancelPath: groupPath("show", name),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={user.name || user.email} max={100} />
          </strong>{" "}
          (<UntrustedText text={user.email} max={254} />)
        </p>
        <ul>
          {name === "admin"
            ? <li>The user is no longer an administrator.</li>
            : scopes.length > 0 && (
              <li>
                Without another group that may have{" "}
                <ScopeList names={scopes} />, personal access tokens lose it within a second, and
                logins at the next refresh.
              </li>
            )}
          <li>A user whose directory says so stays a member.</li>
        </ul>
      </>
    ),
  });
}

/** POST /admin/groups/remove-member */
export async function submitRemoveMember(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const group = await findGroup(deps, c, form("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const removed = await removeGroupMember(administrator(deps, c), {
    name,
    user: form("user") ?? "",
  });
  if (removed instanceof DomainError) {
    setNotice(deps, c, { code: "member_not_removed", text: removed.message, problem: true });
  } else {
    const { email, remaining } = removed;
    setNotice(deps, c, {
      code: "member_removed",
      text: remaining.length === 0
        ? `Removed ${email} from ${name}.`
        : `Removed ${email}, who is still a member by ${remaining.join(", ")}.`,
    });
  }
  return c.redirect(groupPath("show", name), 303);
}

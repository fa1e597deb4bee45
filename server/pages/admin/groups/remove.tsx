import {
  type GroupRemoval,
  previewGroupRemoval,
  removeGroup,
} from "../../../admin/remove_group.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findChangeableGroup } from "./find_group.tsx";
import { groupCrumbs, groupPath, GROUPS_PATH } from "./paths.ts";

/** Members whose losses are shown. */
const MAX_LISTED = 20;

/** GET /admin/groups/remove?group=… */
export async function showRemoveGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findChangeableGroup(deps, c, c.get("query")("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const removal = await previewGroupRemoval(administrator(deps, c), { name });
  if (removal instanceof DomainError) return await errorPage(deps, c, toPageError(removal));
  return await confirmationPage(deps, c, {
    name: "remove_group",
    title: `Remove the group ${name}?`,
    breadcrumbs: groupCrumbs(name),
    fields: { group: name },
    confirm: "Remove group",
    cancelPath: groupPath("show", name),
    children: <RemovalEffects removal={removal} />,
  });
}

function RemovalEffects({ removal: { members, scopes, losses } }: { removal: GroupRemoval }) {
  const more = losses.length - MAX_LISTED;
  return (
    <>
      <ul>
        <li>
          {members === 0
            ? "It has no members."
            : `${
              members === 1 ? "Its member is" : `Its ${formatCount(members, "member")} are`
            } no longer in it. Those who come from a directory stay in its group there.`}
        </li>
        {scopes.map(({ name, isLeftToAdministrators }) => (
          <li>
            The scope <code>{name}</code> {isLeftToAdministrators
              ? "is left to administrators, since it has no other group."
              : "is left to its other groups."}
          </li>
        ))}
        {losses.length === 0 && <li>No user loses a scope.</li>}
      </ul>
      {losses.length > 0 && (
        <>
          <p>These users lose scopes, in personal access tokens within a second:</p>
          <ul id="losses">
            {losses.slice(0, MAX_LISTED).map(({ email, scopes }) => (
              <li>
                <UntrustedText text={email} max={254} />: {scopes.map((scope, index) => (
                  <>
                    {index > 0 && " "}
                    <code>{scope}</code>
                  </>
                ))}
              </li>
            ))}
            {more > 0 && <li>{`and others (${formatCount(members, "member")} in all)`}</li>}
          </ul>
        </>
      )}
      <p>This cannot be undone: if you add the group again, its members have to be added again.</p>
    </>
  );
}

/** POST /admin/groups/remove */
export async function submitRemoveGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findChangeableGroup(deps, c, c.get("form")("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const removed = await removeGroup(administrator(deps, c), { name });
  if (removed instanceof DomainError) return await errorPage(deps, c, toPageError(removed));
  await deps.tokenValidator.reloadCatalog();
  setNotice(deps, c, { code: "group_removed", text: `Removed the group ${name}.` });
  return c.redirect(GROUPS_PATH, 303);
}

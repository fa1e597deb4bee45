import { setDirectoryDisabled } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { administrator } from "../administrator.ts";
import { directoryNotFound, findDirectory } from "./find_directory.tsx";
import { DIRECTORIES_PATH, directoryCrumbs, directoryPath } from "./paths.ts";

/** GET /admin/directories/disable?directory=… and /admin/directories/enable?directory=… */
export async function showDirectoryAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("query")("directory"));
  if (directory instanceof Response) return directory;
  const { name, users } = directory;
  const disabling = isDisabling(c);
  return await confirmationPage(deps, c, {
    name: disabling ? "disable_directory" : "enable_directory",
    title: disabling ? "Disable this directory?" : "Enable this directory?",
    breadcrumbs: directoryCrumbs(name),
    fields: { directory: name },
    confirm: disabling ? "Disable directory" : "Enable directory",
    harmless: !disabling,
    cancelPath: directoryPath("show", name),
    children: (
      <>
        <p>
          <strong>{name}</strong>
        </p>
        {disabling
          ? (
            <ul>
              <li>Its requests are rejected until you enable it again.</li>
              <li>
                {users === 0
                  ? "It has provisioned no users."
                  : `Its ${formatCount(users, "account")} and groups stay as they are. ` +
                    "Users who leave meanwhile keep their access."}
              </li>
            </ul>
          )
          : (
            <p>
              It can provision users and groups again. Have it synchronize all users: what changed
              meanwhile is not here.
            </p>
          )}
      </>
    ),
  });
}

/** POST /admin/directories/disable and /admin/directories/enable */
export async function submitDirectoryAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("form")("directory"));
  if (directory instanceof Response) return directory;
  const { name } = directory;
  const disabled = isDisabling(c);
  const changed = await setDirectoryDisabled(administrator(deps, c), { name, disabled });
  if (changed instanceof DomainError) return await directoryNotFound(deps, c);
  setNotice(
    deps,
    c,
    disabled
      ? { code: "directory_disabled", text: `Disabled ${name}.` }
      : { code: "directory_enabled", text: `Enabled ${name}.` },
  );
  return c.redirect(directoryPath("show", name), 303);
}

function isDisabling(c: PageContext): boolean {
  return c.req.path === `${DIRECTORIES_PATH}/disable`;
}

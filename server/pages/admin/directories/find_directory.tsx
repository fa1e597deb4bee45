import { type DirectoryView, showDirectory } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";
import { DIRECTORIES_PATH } from "./paths.ts";

/** The directory of this name, or the error page. */
export async function findDirectory(
  deps: PageDeps,
  c: PageContext,
  name: string | undefined,
): Promise<DirectoryView | Response> {
  const directory = await showDirectory(deps, { name: name ?? "" });
  return directory instanceof DomainError ? await directoryNotFound(deps, c) : directory;
}

export async function directoryNotFound(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "directory_not_found",
    title: "Directory not found",
    children: (
      <p>
        There is no such directory; it may have been removed.{" "}
        <a href={DIRECTORIES_PATH}>View all directories</a>
      </p>
    ),
  });
}

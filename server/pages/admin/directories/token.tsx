import type { DirectoryView } from "../../../admin/directory_operations.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Fact } from "../../ui/facts.tsx";
import { secretPage } from "../../ui/secret_page.tsx";
import { directoryCrumbs, directoryPath } from "./paths.ts";

/** Shows a new token. */
export async function directoryTokenPage(
  deps: PageDeps,
  c: PageContext,
  { directory, token, isRotated = false }: {
    directory: DirectoryView;
    token: string;
    isRotated?: boolean;
  },
): Promise<Response> {
  const { name, url, previousTokenExpiresAt } = directory;
  return await secretPage(deps, c, {
    name: "directory_token",
    breadcrumbs: directoryCrumbs(name),
    kind: "token",
    label: "Directory token",
    secret: token,
    hint: "Enter it in the directory as the secret token or API token.",
    facts: (
      <>
        <Fact name="Directory">{name}</Fact>
        <Fact name="Base URL">
          <code>{url}</code>
        </Fact>
      </>
    ),
    previous: isRotated
      ? { expiresAt: previousTokenExpiresAt, replace: "Replace it in the directory." }
      : undefined,
    donePath: directoryPath("show", name),
  });
}

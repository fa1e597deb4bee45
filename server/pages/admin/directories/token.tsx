import type { DirectoryView } from "../../../admin/directory_operations.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { TimeUntil } from "../../ui/relative_time.tsx";
import { SecretField } from "../../ui/secret_field.tsx";
import { directoryCrumbs, directoryPath } from "./paths.ts";

/**
 * Shows a new token. This is the response to the POST: a redirect would require storing the token.
 */
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
  return await renderPage(deps, c, {
    name: "directory_token",
    title: "Copy the token",
    breadcrumbs: directoryCrumbs(name),
    children: (
      <main class="wide">
        <h1>Copy the token</h1>
        <SecretField
          label="Directory token"
          secret={token}
          hint="Click the token to select it. Enter it in the directory as the secret token or API token."
        />
        <div class="warning">
          <p>
            <strong>You cannot see this token again.</strong>{" "}
            The server stores only a hash of it. If you lose it, rotate it.
          </p>
        </div>
        <h2>Details</h2>
        <dl>
          <Fact name="Directory">{name}</Fact>
          <Fact name="Base URL">
            <code>{url}</code>
          </Fact>
          {isRotated && (
            <Fact name="Previous token">
              {previousTokenExpiresAt === null ? "Expired" : (
                <>
                  Expires{" "}
                  <TimeUntil
                    at={new Date(previousTokenExpiresAt)}
                    now={deps.clock.now()}
                    dated
                  />. Replace it in the directory.
                </>
              )}
            </Fact>
          )}
        </dl>
        <p>
          <a class="button" href={directoryPath("show", name)}>Done</a>
        </p>
      </main>
    ),
  });
}

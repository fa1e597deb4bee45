import type { ClientView } from "../../../admin/client_operations.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { TimeUntil } from "../../ui/relative_time.tsx";
import { SecretField } from "../../ui/secret_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { clientCrumbs, clientPath } from "./paths.ts";

/**
 * Shows a new secret. This is the response to the POST: a redirect would require storing the
 * secret.
 */
export async function clientSecretPage(
  deps: PageDeps,
  c: PageContext,
  { client, secret, isRotated = false }: {
    client: ClientView;
    secret: string;
    isRotated?: boolean;
  },
): Promise<Response> {
  const { id, name, previousSecretExpiresAt } = client;
  return await renderPage(deps, c, {
    name: "client_secret",
    title: "Copy the secret",
    breadcrumbs: clientCrumbs(client),
    children: (
      <main class="wide">
        <h1>Copy the secret</h1>
        <SecretField
          label="Client secret"
          secret={secret}
          hint="Click the secret to select it. Store it where the service reads its secrets."
        />
        <div class="warning">
          <p>
            <strong>You cannot see this secret again.</strong>{" "}
            The server stores only a hash of it. If you lose it, rotate it.
          </p>
        </div>
        <h2>Details</h2>
        <dl>
          <Fact name="Client ID">
            <code>{id}</code>
          </Fact>
          <Fact name="Name">
            <UntrustedText text={name} max={100} />
          </Fact>
          {isRotated && (
            <Fact name="Previous secret">
              {previousSecretExpiresAt === null ? "Expired" : (
                <>
                  Expires{" "}
                  <TimeUntil
                    at={new Date(previousSecretExpiresAt)}
                    now={deps.clock.now()}
                    dated
                  />. Replace it wherever it is used.
                </>
              )}
            </Fact>
          )}
        </dl>
        <p>
          <a class="button" href={clientPath("show", id)}>Done</a>
        </p>
      </main>
    ),
  });
}

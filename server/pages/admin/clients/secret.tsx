import type { ClientView } from "../../../admin/client_operations.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Fact } from "../../ui/facts.tsx";
import { secretPage } from "../../ui/secret_page.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { clientCrumbs, clientPath } from "./paths.ts";

/** Shows a new secret. */
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
  return await secretPage(deps, c, {
    name: "client_secret",
    breadcrumbs: clientCrumbs(client),
    kind: "secret",
    label: "Client secret",
    secret,
    hint: "Store it where the service reads its secrets.",
    facts: (
      <>
        <Fact name="Client ID">
          <code>{id}</code>
        </Fact>
        <Fact name="Name">
          <UntrustedText text={name} max={100} />
        </Fact>
      </>
    ),
    previous: isRotated
      ? { expiresAt: previousSecretExpiresAt, replace: "Replace it wherever it is used." }
      : undefined,
    donePath: clientPath("show", id),
  });
}

import { DomainError } from "../../../domain_error.ts";
import { removePasskey } from "../../../passkeys/manage.ts";
import { SECURITY_PATH, securityCrumbs } from "../security/paths.ts";
import { MAX_NAME_LENGTH } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { RenderDeps } from "../../render.tsx";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

import { alreadyRemoved, findOwnPasskey } from "./rename.tsx";

type RemovePasskeyDeps = RenderDeps & Parameters<typeof removePasskey>[0];

/** GET /account/passkeys/remove?passkey=… */
export async function showRemovePasskey(
  deps: RemovePasskeyDeps,
  c: PageContext,
): Promise<Response> {
  const passkey = await findOwnPasskey(deps, c, c.get("query")("passkey"));
  if (passkey === undefined) return alreadyRemoved(deps, c);
  return await confirmationPage(deps, c, {
    name: "remove_passkey",
    title: "Remove this passkey?",
    breadcrumbs: securityCrumbs,
    fields: { passkey: passkey.id },
    confirm: "Remove passkey",
    cancelPath: SECURITY_PATH,
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={passkey.name} max={MAX_NAME_LENGTH} />
          </strong>
        </p>
        <p>
          It can no longer be used to sign in, and other browsers that signed in with it are signed
          out. Your device or password manager keeps its part: delete it there too.
        </p>
      </>
    ),
  });
}

/** POST /account/passkeys/remove */
export async function submitRemovePasskey(
  deps: RemovePasskeyDeps,
  c: PageContext,
): Promise<Response> {
  const session = signedInSession(c);
  const removed = await removePasskey(deps, {
    id: c.get("form")("passkey") ?? "",
    userId: session.user.id,
    exceptSession: session.id,
    address: c.get("requester").address,
  });
  if (removed instanceof DomainError) {
    if (removed.code === "not_found") return alreadyRemoved(deps, c);
    return await errorPage(deps, c, {
      code: removed.code,
      id: removed.reason,
      title: "The passkey was not removed",
      children: (
        <>
          <p>{removed.message}</p>
          <p>
            <a class="button" href={SECURITY_PATH}>Sign-in methods</a>
          </p>
        </>
      ),
    });
  }
  setNotice(deps, c, {
    code: "passkey_removed",
    text: `The passkey “${removed.name}” was removed. Delete it from your device as well.`,
  });
  return c.redirect(SECURITY_PATH, 303);
}

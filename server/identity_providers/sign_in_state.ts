import { createHmac, randomBytes } from "node:crypto";
import type { ServerSecrets } from "../store/server_secrets.ts";

/** The secrets of one sign-in at a provider. */
export interface SignInSecrets {
  /** In the URL. The database has its hash. */
  state: string;
  /** RFC 7636 section 4.1. */
  codeVerifier: string;
  nonce: string;
}

type Deps = { secrets: Pick<ServerSecrets, "formKey"> };

export function newSignInSecrets(deps: Deps): SignInSecrets {
  return signInSecrets(deps, randomBytes(32).toString("base64url"));
}

/**
 * The verifier and the nonce follow from the state and a key of the server, so that nothing has to
 * be stored that would be of use to a reader of the database.
 */
export function signInSecrets({ secrets }: Deps, state: string): SignInSecrets {
  const derive = (purpose: string) =>
    createHmac("sha256", secrets.formKey).update(`upstream ${purpose} ${state}`)
      .digest("base64url");
  return { state, codeVerifier: derive("verifier"), nonce: derive("nonce") };
}

import { DomainError } from "../../../domain_error.ts";
import {
  type AuthenticateDeps,
  authenticateWithPasskey,
  type PasskeyAuthentication,
} from "../../../passkeys/authenticate.ts";
import { type OptionsDeps, requestOptions } from "../../../passkeys/options.ts";
import type { User } from "../../../store/users.ts";
import { SECOND_FACTOR_PATH, type SecondFactor } from "../complete_sign_in.ts";
import type { PageContext } from "../../context.ts";
import type { RenderDeps } from "../../render.tsx";
import { browserTokenOf, CREDENTIAL_FIELD, PasskeyForm } from "./passkey_form.tsx";

export const PASSKEY_FACTOR_PATH = `${SECOND_FACTOR_PATH}/passkey`;

/** The button that confirms a sign-in with a passkey; undefined if the user has none. */
export async function passkeyConfirmation(
  deps: RenderDeps & OptionsDeps,
  c: PageContext,
  { user, isAlternative }: {
    user: User;
    /** Whether a form for a code follows. */
    isAlternative: boolean;
  },
) {
  const options = await requestOptions(deps, { user, browserToken: browserTokenOf(deps, c) });
  if (options === undefined) return undefined;
  return (
    <>
      <PasskeyForm
        deps={deps}
        c={c}
        ceremony="get"
        options={options}
        action={PASSKEY_FACTOR_PATH}
        fields={{}}
      >
        <button class={isAlternative ? "full" : "main"} type="submit">Use a passkey</button>
        {isAlternative && <p class="or">or</p>}
      </PasskeyForm>
      {!isAlternative && (
        <noscript>
          <p class="warning">
            Your account has a passkey, which needs scripts. Allow scripts for this page and reload
            it.
          </p>
        </noscript>
      )}
    </>
  );
}

/** Checks the passkey in the form, which must be one of the user who has passed the first factor. */
export async function verifyPasskeyFactor(
  deps: AuthenticateDeps,
  c: PageContext,
  user: User,
): Promise<SecondFactor | DomainError> {
  const authentication = await authenticateWithPasskey(deps, {
    credential: c.get("form")(CREDENTIAL_FIELD),
    browserToken: c.get("browserToken"),
    userId: user.id,
    address: c.get("requester").address,
  });
  return authentication instanceof DomainError ? authentication : toSecondFactor(authentication);
}

function toSecondFactor({ passkey, amr }: PasskeyAuthentication): SecondFactor {
  return { method: "passkey", acr: "phr", amr, passkeyId: passkey.id };
}

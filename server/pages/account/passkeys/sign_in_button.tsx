import type { Child } from "hono/jsx";
import { type OptionsDeps, requestOptions } from "../../../passkeys/options.ts";
import type { PageContext } from "../../context.ts";
import { ACR_PARAMETER } from "../../http/browser_session.ts";
import type { RenderDeps } from "../../render.tsx";
import type { SignInForm } from "../sign_in_page.tsx";
import { browserTokenOf, PasskeyForm } from "./passkey_form.tsx";

export const PASSKEY_SIGN_IN_PATH = "/signin/passkey";

/** Says that the user who is signed in does so again, with a passkey of the same account. */
export const AGAIN_FIELD = "again";

export type PasskeyButtonDeps = RenderDeps & OptionsDeps;

/** The button of the sign-in page; undefined if there are no passkeys to use. */
export async function passkeyButton(
  deps: PasskeyButtonDeps,
  c: PageContext,
  { next, requiredAcr, again = false, isAlternative }:
    & Pick<SignInForm, "next" | "requiredAcr" | "again">
    & {
      /** Whether the form for the address follows. */
      isAlternative: boolean;
    },
): Promise<Child | undefined> {
  const user = again ? c.get("session")?.user : undefined;
  const options = await requestOptions(deps, { user, browserToken: browserTokenOf(deps, c) });
  if (options === undefined) return undefined;
  return (
    <PasskeyForm
      deps={deps}
      c={c}
      ceremony="get"
      options={options}
      action={PASSKEY_SIGN_IN_PATH}
      fields={{
        next,
        ...requiredAcr !== undefined && { [ACR_PARAMETER]: requiredAcr },
        ...user !== undefined && { [AGAIN_FIELD]: "1" },
      }}
      autofill={isAlternative}
    >
      <button class="full" type="submit">Sign in with a passkey</button>
      {isAlternative && <p class="or">or</p>}
    </PasskeyForm>
  );
}

import type { PageContext } from "../context.ts";
import { errorPage } from "../http/error_page.tsx";
import type { RenderDeps } from "../render.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** The browser session has no pending request with this id. */
export async function requestGone(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "gone",
    id: "request_gone",
    title: "This code is no longer valid",
    children: (
      <>
        <p>
          The code has expired or has already been used, or you entered it in another browser or
          before you signed in again.
        </p>
        <p>
          Start the login in your terminal again, then <a href="/device">enter the new code</a>.
        </p>
      </>
    ),
  });
}

/** The browser and the terminal use different accounts. The code stays valid. */
export async function wrongAccount(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "wrong_account",
    title: "Your terminal uses another account",
    children: (
      <p>
        You are signed in here with a different account than in your terminal, or the login in your
        terminal has been revoked. Sign out, sign in with the account that your terminal uses, and
        enter the code again.
      </p>
    ),
  });
}

/** The operator has disabled the client since it sent the request. */
export async function clientDisabled(
  deps: RenderDeps,
  c: PageContext,
  clientId: string,
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "client_disabled",
    title: "This application cannot log in",
    children: (
      <p>
        The operator of this server has disabled the application{" "}
        <UntrustedText text={clientId} />, so its login cannot be approved. Ask the operator for
        help.
      </p>
    ),
  });
}

export async function deviceFlowDisabled(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "device_flow_disabled",
    title: "Logins from a terminal are disabled",
    children: <p>Ask the operator of this server for another way to log in.</p>,
  });
}

/** Which flow a login uses: the user's choice, else the operator's, else the brand's. */
import { brand } from "../../shared/brand.ts";
import type { LoginFlow } from "../../shared/oauth/login_flow.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { supportsBrowserLogin } from "../oauth/authorization_code.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import { hasBrowser } from "../process/browser.ts";

export interface FlowOptions {
  web?: boolean;
  device?: boolean;
  /** False with --no-browser. */
  browser: boolean;
  qr?: boolean;
  /** What the user requested with --scope. */
  scope?: readonly string[];
}

/** `auto` only if the login begins in a browser and may continue with a code. */
export function chooseLoginFlow(
  server: AuthorizationServer,
  options: FlowOptions,
  io: Pick<ClientIo, "env" | "platform">,
): LoginFlow {
  const { web, device, qr, browser, scope = [] } = options;
  if (web && device) throw invalid("--web and --device exclude each other.");
  if (web && qr) {
    throw invalid("--qr shows a code, which --web does not use. Leave out one of them.");
  }
  const hasWeb = supportsBrowserLogin(server);
  const hasDevice = server.deviceAuthorizationEndpoint !== undefined;
  if (web && !hasWeb) {
    throw new ClientError(
      "unsupported",
      `${server.issuer} does not offer logins in the browser. ` +
        `Log in by code: ${brand.binaryName} login --device`,
    );
  }
  if (web) return "web";
  if (device || qr || !hasWeb) return "device";
  // What a code cannot get, or a server without codes.
  const excluded = scope.some((name) => server.deviceFlowExcludedScopes.includes(name));
  if (!hasDevice || excluded) return "web";
  const flow: LoginFlow = server.loginFlow ?? brand.loginFlow;
  return flow === "auto" && !(browser && hasBrowser(io)) ? "device" : flow;
}

function invalid(message: string): ClientError {
  return new ClientError("invalid_option", message);
}

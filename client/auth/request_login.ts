/** Gets the tokens of a new login, by code or in a browser on this machine. */
import type { LoginFlow } from "../../shared/oauth/login_flow.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { supportsBrowserLogin } from "../oauth/authorization_code.ts";
import type { ReceivedTokens } from "../oauth/device_flow.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import { startBrowserLogin } from "./browser_login.ts";
import { chooseLoginFlow, type FlowOptions } from "./login_flow.ts";
import { offerCode, type OfferedCode } from "./offer_code.ts";
import { showAddress, waitForBrowser } from "./wait_for_browser.ts";

export interface LoginRequest {
  /** The scope parameter: a login by code cannot have every scope. */
  scopeFor(way: Way): string;
  /** The identifiers of the resources that it shall be for (RFC 8707); empty: the default one. */
  resources: readonly string[];
  /** The name of this login. */
  name?: string;
}

type Way = "web" | "device";

export interface RequestedLogin {
  response: ReceivedTokens;
  /** As requested. */
  scope: string;
  /** What the ID token must have, if the login was requested in the browser. */
  nonce?: string;
  /** Shows in the browser whether the login is stored. */
  finish(succeeded: boolean): Promise<void>;
}

export async function requestLogin(
  server: AuthorizationServer,
  request: LoginRequest,
  options: FlowOptions,
  io: ClientIo,
): Promise<RequestedLogin> {
  const flow = chooseLoginFlow(server, options, io);
  if (flow !== "device") return await logInWithBrowser(server, request, flow, options, io);
  try {
    return await logInByCode(server, request, options, io);
  } catch (error) {
    // A rule for this client, which the metadata does not have.
    const isChosen = options.device || options.qr;
    if (!isDeviceFlowDisabled(error) || isChosen || !supportsBrowserLogin(server)) throw error;
    io.stderr("This server does not allow a login by code. Logging in with a browser.\n");
    return await logInWithBrowser(server, request, "web", options, io);
  }
}

async function logInByCode(
  server: AuthorizationServer,
  request: LoginRequest,
  options: FlowOptions,
  io: ClientIo,
): Promise<RequestedLogin> {
  const scope = request.scopeFor("device");
  const code = await offerCode(server, codeParameters(request), options, io);
  const response = await code.tokens.finally(code.clear);
  return { response, scope, finish: () => Promise.resolve() };
}

/**
 * With `auto`, a code is offered as well where the browser does not respond. What the user approves
 * first counts, and nothing else is redeemed.
 */
async function logInWithBrowser(
  server: AuthorizationServer,
  request: LoginRequest,
  flow: Exclude<LoginFlow, "device">,
  options: FlowOptions,
  io: ClientIo,
): Promise<RequestedLogin> {
  const over = new AbortController();
  const whileWaiting = { ...io, signal: AbortSignal.any([io.signal, over.signal]) };
  let code: OfferedCode | undefined;
  const browser = await startBrowserLogin(
    server,
    {
      ...parameters(request, "web"),
      resources: request.resources,
    },
    io,
    {
      mayRedeem: async () => await code?.stop() !== "tokens",
    },
  );
  const inBrowser = browser.tokens.then((response) => ({ way: "web" as const, response }));
  const byCode = async () => {
    try {
      const device = codeParameters(request);
      const note = "You can also use a code, in any browser. The address above still works.";
      code = await offerCode(server, device, { browser: false, note }, whileWaiting);
    } catch (error) {
      if (!isDeviceFlowDisabled(error)) throw error;
      return undefined;
    }
    return { way: "device" as const, response: await code.tokens };
  };
  try {
    const canUseCode = flow === "auto" && server.deviceAuthorizationEndpoint !== undefined;
    const opened = showAddress(server, browser.address, options, io);
    const { way, response } = await waitForBrowser(inBrowser, opened, { canUseCode }, io) ??
      await Promise.race([inBrowser, byCode()]) ??
      (await waitForBrowser(inBrowser, opened, { canUseCode: false }, io))!;
    code?.clear();
    return {
      response,
      scope: request.scopeFor(way),
      ...way === "web" && { nonce: browser.nonce },
      finish: (succeeded) => browser.close(succeeded),
    };
  } catch (error) {
    code?.clear();
    await browser.close(false);
    throw error;
  } finally {
    over.abort();
  }
}

function isDeviceFlowDisabled(error: unknown): boolean {
  return error instanceof ClientError && error.code === "device_flow_disabled";
}

function parameters({ scopeFor, name }: LoginRequest, way: Way) {
  return { scope: scopeFor(way), ...name !== undefined && { login_name: name } };
}

function codeParameters(request: LoginRequest) {
  const { resources } = request;
  return {
    ...parameters(request, "device"),
    ...resources.length > 0 && { resource: resources },
  };
}

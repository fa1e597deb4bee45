/** A login in a browser on this machine (RFC 8252), from the first request to the tokens. */
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type AuthorizationParameters,
  type AuthorizationRequest,
  createAuthorizationRequest,
  randomText,
  readAuthorizationResponse,
  redeemCode,
} from "../oauth/authorization_code.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import type { ReceivedTokens } from "../oauth/device_flow.ts";
import { listenOnLoopback } from "../process/loopback_listener.ts";
import { type BrowserPage, browserPage, browserRedirect } from "../ui/browser_page.ts";

const CALLBACK_PATH = "/callback";

export interface BrowserLogin {
  /** What the user opens: it leads to the server. Without it, only this process knows the request. */
  address: string;
  /** The nonce that the ID token must have (OpenID Connect Core 1.0 section 3.1.3.7, item 11). */
  nonce: string;
  /** The tokens; rejects with why the login failed. */
  tokens: Promise<ReceivedTokens>;
  /** Shows in the browser whether the login is stored, and stops listening. */
  close(succeeded: boolean): Promise<void>;
}

/**
 * Listens for the response of one authorization request. `mayRedeem` returns false if the login
 * succeeded in another way in the meantime: then the code is not redeemed, and expires.
 */
export async function startBrowserLogin(
  server: AuthorizationServer,
  parameters: AuthorizationParameters,
  io: ClientIo,
  { mayRedeem }: { mayRedeem(): Promise<boolean> },
): Promise<BrowserLogin> {
  // Not "/": other users and pages can try ports, and log this terminal in as someone else.
  const startPath = `/${randomText(6)}`;
  const { promise: tokens, resolve, reject } = Promise.withResolvers<ReceivedTokens>();
  // It is awaited later, or never if the user chose another way.
  tokens.catch(() => {});
  const { promise: lastPage, resolve: showLastPage } = Promise.withResolvers<BrowserPage>();
  // Requests may arrive before there is an answer to them.
  const { promise: created, resolve: create } = Promise.withResolvers<AuthorizationRequest>();
  let outcome: Promise<BrowserPage> | undefined;

  /** The first response to our request decides; a repeated one gets the same page. */
  const respond = async (url: URL): Promise<BrowserPage> => {
    const response = readAuthorizationResponse(server, await created, url.searchParams);
    if (response === undefined) return "other_login";
    return await (outcome ??= finish(response));
  };
  const finish = async (response: { code: string } | ClientError): Promise<BrowserPage> => {
    try {
      if (response instanceof ClientError) throw response;
      if (await mayRedeem()) {
        resolve(await redeemCode(server, await created, response.code, io));
      }
      return await lastPage;
    } catch (error) {
      reject(error);
      const isDenied = error instanceof ClientError && error.code === "approval_denied";
      return isDenied ? "denied" : "failed";
    }
  };

  const listener = listenOnLoopback(async ({ method }, url) => {
    if (method !== "GET") return await browserPage("not_found");
    if (url.pathname === CALLBACK_PATH) return await browserPage(await respond(url));
    if (url.pathname === startPath && outcome === undefined) {
      return await browserRedirect((await created).url);
    }
    return await browserPage("not_found");
  }, io);
  const redirectUri = listener.origin + CALLBACK_PATH;
  const request = await createAuthorizationRequest(server, redirectUri, parameters);
  create(request);
  return {
    address: listener.origin + startPath,
    nonce: request.nonce,
    tokens,
    async close(succeeded) {
      showLastPage(succeeded ? "logged_in" : "failed");
      await listener.close();
    },
  };
}

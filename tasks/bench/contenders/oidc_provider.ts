/**
 * panva's oidc-provider with its defaults, on PostgreSQL by an adapter of the benchmark: it has only
 * the interface of one, and storage in memory for 1,000 tokens.
 */
import { join } from "node:path";
import {
  authorizationUrl,
  type CodeClient,
  codeOf,
  redeem,
  REDIRECT_URI,
} from "../authorization_code.ts";
import { Browser } from "../browser.ts";
import {
  AUTHENTICATED,
  type Contender,
  deviceLoads,
  PUBLIC_CLIENT,
  refreshLoad,
  refreshTokens,
} from "../contender.ts";
import { startPeer } from "../peers.ts";

const USERS = 16;

export async function startOidcProvider(databaseUrl: string, folder: string): Promise<Contender> {
  const server = await startPeer("oidc_provider.mjs", folder, databaseUrl);
  const to = (path: string) => `http://127.0.0.1:${server.port}${path}`;
  const client: CodeClient = {
    authorizationUrl: to("/auth"),
    tokenUrl: to("/token"),
    clientId: PUBLIC_CLIENT,
    scope: "openid offline_access",
  };
  // Each signs in once: an interaction that the peer's script finishes without a page.
  const browsers = Array.from({ length: USERS }, () => new Browser());
  const signIn = async (browser: Browser) => {
    const page = await browser.open(authorizationUrl(client), REDIRECT_URI);
    return await redeem(client, codeOf(page.url));
  };
  let next = 0;
  const authorize = () => signIn(browsers[next++ % USERS]);
  await Promise.all(browsers.map(signIn));
  return {
    name: "oidc-provider",
    databaseUrl,
    startMs: server.startMs,
    pid: server.pid,
    stop: () => server.stop(),
    loads: {
      introspection: () =>
        Promise.resolve({
          url: to("/token/introspection"),
          method: "POST",
          headers: AUTHENTICATED,
          body: `token=${server.said[1]}`,
        }),
      ...deviceLoads({
        authorizationUrl: to("/device/auth"),
        tokenUrl: client.tokenUrl,
        clientId: "bench-device",
        file: join(folder, "oidc-provider-device-codes"),
      }),
      refresh: async () => {
        const tokens = await refreshTokens(authorize);
        const file = join(folder, "oidc-provider-refresh-tokens");
        return refreshLoad({ url: client.tokenUrl, clientId: PUBLIC_CLIENT, tokens, file });
      },
      "authorize + token": () =>
        Promise.resolve({ atATime: USERS, run: async () => void await authorize() }),
    },
  };
}

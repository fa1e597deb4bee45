/**
 * Dex, if the program `dex` is on the PATH: on PostgreSQL, with its local password database. The
 * Go module proxy has no current version of its module, so it is built from a checkout of
 * github.com/dexidp/dex: `go build ./cmd/dex`.
 */
import { join } from "node:path";
import { freePort } from "../../../tests/support/free_port.ts";
import { programPath } from "../../../tests/support/reverse_proxy.ts";
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
  CLIENT,
  type Contender,
  deviceLoads,
  PUBLIC_CLIENT,
  refreshLoad,
  refreshTokens,
} from "../contender.ts";
import { startServer } from "../wait_for_answer.ts";

const DEVICE_CLIENT = "bench-device";
/** Dex keeps one refresh token for a user and client, so each login is of another user. */
const USERS = Array.from({ length: 100 }, (_, number) => ({
  email: `user${number}@example.com`,
  // Of `password`, from Dex's own example.
  hash: "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W",
  username: `user${number}`,
  userID: crypto.randomUUID(),
}));

export async function startDex(databaseUrl: string, folder: string): Promise<Contender> {
  const program = await programPath("dex");
  const port = freePort();
  const issuer = `http://127.0.0.1:${port}/dex`;
  const config = join(folder, "dex.json");
  await Deno.writeTextFile(config, JSON.stringify(configuration(issuer, databaseUrl)), {
    mode: 0o600,
  });
  const server = await startServer({
    program,
    args: ["serve", config],
    port,
    url: `${issuer}/.well-known/openid-configuration`,
    seconds: 30,
    log: join(folder, "dex.log"),
  });
  const client: CodeClient = {
    authorizationUrl: `${issuer}/auth/local`,
    tokenUrl: `${issuer}/token`,
    clientId: PUBLIC_CLIENT,
    scope: "openid offline_access",
  };
  /** Dex has no sessions: each login of a browser has the password. */
  let next = 0;
  const signIn = async () => {
    const browser = new Browser();
    const form = await browser.open(authorizationUrl(client));
    const fields = { login: USERS[next++ % USERS.length].email, password: "password" };
    return codeOf((await browser.submit(form, fields, REDIRECT_URI)).url);
  };
  try {
    const { access_token, refresh_token } = await redeem(client, await signIn());
    return {
      name: "Dex",
      ...server,
      databaseUrl,
      loads: {
        introspection: () =>
          Promise.resolve({
            url: `${issuer}/token/introspect`,
            method: "POST" as const,
            headers: AUTHENTICATED,
            body: `token=${access_token}`,
          }),
        ...deviceLoads({
          authorizationUrl: `${issuer}/device/code`,
          tokenUrl: client.tokenUrl,
          clientId: DEVICE_CLIENT,
          file: join(folder, "dex-device-codes"),
        }),
        ...refresh_token !== undefined && {
          refresh: async () => {
            const tokens = await refreshTokens(async () => await redeem(client, await signIn()));
            const file = join(folder, "dex-refresh-tokens");
            return refreshLoad({ url: client.tokenUrl, clientId: PUBLIC_CLIENT, tokens, file });
          },
        },
        "password sign-in": () =>
          Promise.resolve({ atATime: 4, run: async () => void await signIn() }),
        "sign-in page": () => Promise.resolve({ url: authorizationUrl(client) }),
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Its defaults, except for what is needed to have a user and clients. */
function configuration(issuer: string, databaseUrl: string) {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  return {
    issuer,
    storage: {
      type: "postgres",
      config: {
        host: hostname,
        port: Number(port),
        database: pathname.slice(1),
        user: username,
        password,
        ssl: { mode: "disable" },
      },
    },
    web: { http: new URL(issuer).host },
    oauth2: { skipApprovalScreen: true },
    enablePasswordDB: true,
    staticPasswords: USERS,
    staticClients: [
      { id: CLIENT.id, secret: CLIENT.secret, name: "Bench", redirectURIs: [] },
      { id: PUBLIC_CLIENT, public: true, name: "Public", redirectURIs: [REDIRECT_URI] },
      { id: DEVICE_CLIENT, public: true, name: "Device", redirectURIs: ["/device/callback"] },
    ],
  };
}

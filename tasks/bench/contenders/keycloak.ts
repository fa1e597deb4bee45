/**
 * Keycloak in production mode on PostgreSQL, from its distribution on Maven Central. Needs `java` and
 * `mvn`, and some minutes: its own build for the database comes first.
 */
import { join } from "node:path";
import { freePort } from "../../../tests/support/free_port.ts";
import { canRunKeycloak, javaProcess, unpackKeycloak } from "../../../tests/support/keycloak.ts";
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

const REALM = "bench";
const PASSWORD = "a calm and long pass phrase";
const USERS = 16;

export async function startKeycloak(databaseUrl: string, folder: string): Promise<Contender> {
  if (!canRunKeycloak) throw new Error("needs java and mvn");
  const home = await unpackKeycloak(folder);
  const imports = join(home, "data/import");
  await Deno.mkdir(imports, { recursive: true });
  await Deno.writeTextFile(join(imports, `${REALM}.json`), JSON.stringify(realm()));
  const { hostname, port: databasePort, username, password, pathname } = new URL(databaseUrl);
  const port = freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env = {
    KC_DB: "postgres",
    KC_DB_URL: `jdbc:postgresql://${hostname}:${databasePort}${pathname}`,
    KC_DB_USERNAME: username,
    KC_DB_PASSWORD: password,
    KC_BOOTSTRAP_ADMIN_USERNAME: "operator",
    KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
    // A single server; clusters find each other through the network otherwise.
    KC_CACHE: "local",
    // Behind a proxy with TLS, and for its cookies on plain HTTP.
    KC_HOSTNAME: origin,
    KC_HTTP_ENABLED: "true",
    KC_HTTP_HOST: "127.0.0.1",
    KC_HTTP_PORT: String(port),
  };
  const kc = join(home, "bin/kc.sh");
  const build = await new Deno.Command("bash", { args: [kc, "build"], cwd: home, env }).output();
  if (!build.success) throw new Error(new TextDecoder().decode(build.stderr).trim());
  const issuer = `${origin}/realms/${REALM}`;
  const server = await startServer({
    program: "bash",
    args: [kc, "start", "--optimized", "--import-realm"],
    cwd: home,
    env,
    port,
    url: `${issuer}/.well-known/openid-configuration`,
    seconds: 600,
    log: join(folder, "keycloak.log"),
    serverPid: javaProcess,
  });
  const to = (path: string) => `${issuer}/protocol/openid-connect/${path}`;
  const client: CodeClient = {
    authorizationUrl: to("auth"),
    tokenUrl: to("token"),
    clientId: PUBLIC_CLIENT,
    scope: "openid",
  };
  const signIn = async (browser: Browser, user: number) => {
    const form = await browser.open(authorizationUrl(client));
    const fields = { username: `user${user}`, password: PASSWORD };
    return codeOf((await browser.submit(form, fields, REDIRECT_URI)).url);
  };
  try {
    const browsers = Array.from({ length: USERS }, () => new Browser());
    for (const [user, browser] of browsers.entries()) await signIn(browser, user);
    let next = 0;
    return {
      name: "Keycloak",
      ...server,
      databaseUrl,
      loads: {
        // Its access tokens live for a minute.
        introspection: async () => ({
          url: to("token/introspect"),
          method: "POST" as const,
          headers: AUTHENTICATED,
          body: `token=${await clientToken(client.tokenUrl)}`,
        }),
        ...deviceLoads({
          authorizationUrl: to("auth/device"),
          tokenUrl: client.tokenUrl,
          clientId: PUBLIC_CLIENT,
          file: join(folder, "keycloak-device-codes"),
        }),
        refresh: async () => {
          const tokens = await refreshTokens(async () =>
            await redeem(client, await signIn(new Browser(), next++ % USERS))
          );
          const file = join(folder, "keycloak-refresh-tokens");
          return refreshLoad({ url: client.tokenUrl, clientId: PUBLIC_CLIENT, tokens, file });
        },
        "authorize + token": () =>
          Promise.resolve({
            atATime: USERS,
            async run() {
              const page = await browsers[next++ % USERS]
                .open(authorizationUrl(client), REDIRECT_URI);
              await redeem(client, codeOf(page.url));
            },
          }),
        "token exchange": async () => ({
          url: client.tokenUrl,
          method: "POST" as const,
          headers: AUTHENTICATED,
          body: "grant_type=urn:ietf:params:oauth:grant-type:token-exchange" +
            "&subject_token_type=urn:ietf:params:oauth:token-type:access_token" +
            `&subject_token=${await clientToken(client.tokenUrl)}`,
        }),
        "password sign-in": () =>
          Promise.resolve({
            atATime: 4,
            run: async () => void await signIn(new Browser(), next++ % USERS),
          }),
        "sign-in page": () => Promise.resolve({ url: authorizationUrl(client) }),
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** In the format of its exports. */
function realm() {
  return {
    realm: REALM,
    enabled: true,
    sslRequired: "none",
    clients: [{
      clientId: CLIENT.id,
      secret: CLIENT.secret,
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      attributes: { "standard.token.exchange.enabled": "true" },
    }, {
      clientId: PUBLIC_CLIENT,
      publicClient: true,
      redirectUris: [REDIRECT_URI],
      attributes: { "oauth2.device.authorization.grant.enabled": "true" },
    }],
    users: Array.from({ length: USERS }, (_, number) => ({
      username: `user${number}`,
      email: `user${number}@example.com`,
      firstName: "Bench",
      lastName: "User",
      enabled: true,
      emailVerified: true,
      credentials: [{ type: "password", value: PASSWORD }],
    })),
  };
}

async function clientToken(url: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: AUTHENTICATED,
    body: "grant_type=client_credentials",
    signal: AbortSignal.timeout(30_000),
  });
  const { access_token } = await response.json();
  if (access_token === undefined) throw new Error(`no token: ${response.status}`);
  return access_token;
}

/**
 * Ory Hydra, if the program `hydra` is on the PATH: on PostgreSQL, with its defaults. Of its module,
 * the Go module proxy has no version with the device flow, so it is built from a checkout of
 * github.com/ory/hydra: `go build .`. Users and pages are an application of the operator; here the
 * benchmark accepts at Hydra's administration API what such an application would.
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

const USERS = 16;
const SCOPE = "openid offline_access";
/** Where the pages of the operator would be: nothing listens there. */
const PAGES = "http://127.0.0.1:1";

export async function startHydra(databaseUrl: string, folder: string): Promise<Contender> {
  const program = await programPath("hydra");
  const [port, adminPort] = [freePort(), freePort()];
  const issuer = `http://127.0.0.1:${port}`;
  const admin = `http://127.0.0.1:${adminPort}/admin`;
  const env = {
    // As its quick start has it.
    DSN: `${databaseUrl}?sslmode=disable&max_conns=20&max_idle_conns=4`,
    SECRETS_SYSTEM: "a secret for the benchmark only",
    SERVE_PUBLIC_HOST: "127.0.0.1",
    SERVE_PUBLIC_PORT: String(port),
    SERVE_ADMIN_HOST: "127.0.0.1",
    SERVE_ADMIN_PORT: String(adminPort),
    URLS_SELF_ISSUER: issuer,
    URLS_LOGIN: `${PAGES}/login`,
    URLS_CONSENT: `${PAGES}/consent`,
    URLS_DEVICE_VERIFICATION: `${PAGES}/device`,
    URLS_DEVICE_SUCCESS: `${PAGES}/done`,
  };
  const migration = await new Deno.Command(program, {
    args: ["migrate", "sql", "up", "--read-from-env", "--yes"],
    env,
    stdin: "null",
  }).output();
  if (!migration.success) throw new Error(lastLine(migration.stderr));
  const server = await startServer({
    program,
    // Without TLS, as behind a proxy; the checks of `--dev` are for addresses only.
    args: ["serve", "all", "--dev", "--sqa-opt-out"],
    env,
    port,
    url: `${issuer}/health/ready`,
    seconds: 60,
    log: join(folder, "hydra.log"),
  });
  try {
    await createClients(admin);
    const token = await clientToken(issuer);
    const client: CodeClient = {
      authorizationUrl: `${issuer}/oauth2/auth`,
      tokenUrl: `${issuer}/oauth2/token`,
      clientId: PUBLIC_CLIENT,
      scope: SCOPE,
    };
    const browsers = Array.from({ length: USERS }, () => new Browser());
    let next = 0;
    const authorize = async () => {
      const code = await authorizationCode(browsers[next++ % USERS], client, admin);
      return await redeem(client, code);
    };
    await Promise.all(browsers.map(authorize));
    return {
      name: "Ory Hydra",
      ...server,
      databaseUrl,
      loads: {
        introspection: () =>
          Promise.resolve({
            url: `${admin}/oauth2/introspect`,
            method: "POST" as const,
            headers: AUTHENTICATED,
            body: `token=${token}`,
          }),
        ...deviceLoads({
          authorizationUrl: `${issuer}/oauth2/device/auth`,
          tokenUrl: client.tokenUrl,
          clientId: PUBLIC_CLIENT,
          file: join(folder, "hydra-device-codes"),
        }),
        refresh: async () => {
          const tokens = await refreshTokens(authorize);
          const file = join(folder, "hydra-refresh-tokens");
          return refreshLoad({ url: client.tokenUrl, clientId: PUBLIC_CLIENT, tokens, file });
        },
        "authorize + token": () =>
          Promise.resolve({ atATime: USERS, run: async () => void await authorize() }),
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function createClients(admin: string): Promise<void> {
  const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
  const clients = [{
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    grant_types: ["client_credentials"],
  }, {
    client_id: PUBLIC_CLIENT,
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token", deviceGrant],
    response_types: ["code"],
    redirect_uris: [REDIRECT_URI],
    scope: SCOPE,
  }];
  for (const client of clients) await send("POST", `${admin}/clients`, client);
}

async function clientToken(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/oauth2/token`, {
    method: "POST",
    headers: AUTHENTICATED,
    body: "grant_type=client_credentials",
    signal: AbortSignal.timeout(30_000),
  });
  return (await response.json()).access_token;
}

/** Login and consent are asked for each time; from the second time on, both may be skipped. */
async function authorizationCode(
  browser: Browser,
  client: CodeClient,
  admin: string,
): Promise<string> {
  const requests = `${admin}/oauth2/auth/requests`;
  const accept = async (kind: "login" | "consent", page: URL, answer: unknown) => {
    const challenge = page.searchParams.get(`${kind}_challenge`);
    if (challenge === null) throw new Error(`no ${kind}: ${page}`);
    const url = `${requests}/${kind}/accept?${kind}_challenge=${challenge}`;
    return (await send("PUT", url, answer)).redirect_to as string;
  };
  const login = await browser.open(authorizationUrl(client), PAGES);
  const afterLogin = await accept("login", login.url, {
    ...{ subject: "user", remember: true, remember_for: 3600 },
  });
  const consent = await browser.open(afterLogin, PAGES);
  const afterConsent = await accept("consent", consent.url, {
    ...{ grant_scope: SCOPE.split(" "), remember: true, remember_for: 3600 },
  });
  return codeOf((await browser.open(afterConsent, REDIRECT_URI)).url);
}

async function send(method: string, url: string, body: unknown) {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

function lastLine(output: Uint8Array): string {
  return new TextDecoder().decode(output).trim().split("\n").at(-1) ?? "";
}

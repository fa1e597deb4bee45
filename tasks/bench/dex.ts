/**
 * Dex, if the program `dex` is on the PATH: on PostgreSQL, with its local password database. The
 * Go module proxy has no current version of its module, so it cannot be installed from there.
 */
import { join } from "node:path";
import { freePort } from "../../tests/support/free_port.ts";
import { programPath } from "../../tests/support/reverse_proxy.ts";
import { AUTHENTICATED, CLIENT, type Contender, deviceLoads } from "./contender.ts";

const PUBLIC_CLIENT = "bench-device";
/** Of `admin@example.com`, whose password is `password`: from Dex's own example. */
const PASSWORD_HASH = "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W";

export async function startDex(databaseUrl: string, folder: string): Promise<Contender> {
  const program = await programPath("dex");
  const port = freePort();
  const issuer = `http://127.0.0.1:${port}/dex`;
  const { hostname, port: databasePort, username, password, pathname } = new URL(databaseUrl);
  const config = join(folder, "dex.json");
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      issuer,
      storage: {
        type: "postgres",
        config: {
          host: hostname,
          port: Number(databasePort),
          database: pathname.slice(1),
          user: username,
          password,
          ssl: { mode: "disable" },
        },
      },
      web: { http: `127.0.0.1:${port}` },
      oauth2: { passwordConnector: "local", skipApprovalScreen: true },
      enablePasswordDB: true,
      staticPasswords: [{
        email: "admin@example.com",
        hash: PASSWORD_HASH,
        username: "admin",
        userID: "08a8684b-db88-4b73-90a9-3cd1661f5466",
      }],
      staticClients: [
        { id: CLIENT.id, secret: CLIENT.secret, name: "Bench", redirectURIs: [] },
        { id: PUBLIC_CLIENT, public: true, name: "Device", redirectURIs: ["/device/callback"] },
      ],
    }),
    { mode: 0o600 },
  );
  const child = new Deno.Command(program, {
    args: ["serve", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    child.kill("SIGTERM");
    await child.status;
  };
  try {
    await answers(`${issuer}/.well-known/openid-configuration`);
    const response = await fetch(`${issuer}/token`, {
      method: "POST",
      headers: AUTHENTICATED,
      body: "grant_type=password&username=admin%40example.com&password=password&scope=openid",
    });
    const { access_token: token } = await response.json();
    const page = await fetch(`${issuer}/device`);
    await page.body?.cancel();
    return {
      name: "Dex",
      loads: {
        ...token !== undefined && {
          introspection: () =>
            Promise.resolve({
              url: `${issuer}/token/introspect`,
              method: "POST" as const,
              headers: AUTHENTICATED,
              body: `token=${token}`,
            }),
        },
        ...deviceLoads({
          authorizationUrl: `${issuer}/device/code`,
          tokenUrl: `${issuer}/token`,
          clientId: PUBLIC_CLIENT,
          file: join(folder, "dex-device-codes"),
        }),
        ...page.ok && {
          page: () => Promise.resolve({ url: `${issuer}/device` }),
        },
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} does not answer`);
}

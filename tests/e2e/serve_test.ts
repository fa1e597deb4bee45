/** `serve`: what it rejects and why, what it shows, how it starts and stops. */
import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { Agent, get } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { CA_FILE_VARIABLE } from "../../shared/certificate_authorities.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, run, start } from "../support/binary.ts";
import { freePort } from "../support/free_port.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { assertNoSecrets, PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { createDatabase } from "../support/postgres.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { terminal } from "../support/terminal.ts";

const certificate = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

Deno.test("serve reports what prevents it from starting, and what to do", async (t) => {
  await using home = await temporaryHome();
  const dataDir = join(home.folder, "data");
  const serve = async (...args: string[]): Promise<Ended> => {
    const ended = await run(["serve", "--data-dir", dataDir, ...args], { env: home.env });
    assert.equal(ended.stdout, "");
    assertNoSecrets(args.join(" "), ended.stderr);
    return ended;
  };
  const step = (name: string, args: string[], code: number, ...patterns: RegExp[]) =>
    t.step(name, async () => {
      const ended = await serve(...args);
      assert.equal(ended.code, code, ended.stderr);
      for (const expected of patterns) assert.match(ended.stderr, expected);
    });

  await step(
    "a public address without https",
    ["--listen", "0.0.0.0:0"],
    EXIT.usage,
    /^ {2}- listen \(--listen\): /m,
    /^ {2}- issuer: /m,
  );
  await step(
    "a public issuer without https",
    ["--issuer", "http://auth.example.com"],
    EXIT.usage,
    /^ {2}- issuer \(--issuer\): http:\/\/auth\.example\.com /m,
  );
  await step(
    "several settings at once",
    ["--listen", "nowhere", "--access-token-lifetime", "soon", "--signing-algorithm", "none"],
    EXIT.usage,
    /^ {2}- listen \(--listen\): "nowhere"/m,
    /^ {2}- access_token_lifetime \(--access-token-lifetime\): "soon"/m,
    /^ {2}- signing_algorithm \(--signing-algorithm\): "none"/m,
  );
  await step("an unknown option", ["--bogus"], EXIT.usage, /unknown option '--bogus'/);
  await step(
    "another kind of database",
    ["--database-url", `mysql://u:${PASSWORD_MARK}@127.0.0.1/db`],
    EXIT.usage,
    /^ {2}- database_url \(--database-url\): /m,
  );
  await step(
    "a database that is not there",
    ["--database-url", `postgres://u:${PASSWORD_MARK}@127.0.0.1:1/db`],
    EXIT.failure,
    /cannot connect to the database/,
  );
  await using database = await createDatabase();
  const url = new URL(database.url);
  url.password = PASSWORD_MARK;
  await step(
    "a database with another password",
    ["--database-url", url.href],
    EXIT.failure,
    /database rejected the user or password/,
  );
  url.href = database.url;
  url.pathname = "/not_made_yet";
  await step(
    "a database that does not exist",
    ["--database-url", url.href],
    EXIT.failure,
    /not_made_yet.* does not exist\. .*createdb/,
  );
  await t.step("a port in use", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const listen = ["--listen", `127.0.0.1:${port}`, "--database-url", database.url];
    const { code, stderr } = await serve(...listen);
    assert.equal(code, EXIT.failure);
    assert.match(stderr, new RegExp(`:${port} is in use by .*, process ${Deno.pid}\\. .*--listen`));
  });
});

Deno.test("serve --check shows every setting and its source, and no secret", async () => {
  await using home = await temporaryHome();
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(
    config,
    'access_token_lifetime = "5m"\ndevice_code_lifetime = "6m"\nsession_idle_lifetime = "7h"\n',
  );
  const prefix = brand.envPrefix;
  const check = (env: Record<string, string>) =>
    run(["serve", "--check", "--config", config, "--listen", "127.0.0.1:9999"], {
      env: { ...home.env, ...env },
    });
  const env = {
    [`${prefix}_LISTEN`]: "127.0.0.1:8888",
    [`${prefix}_DEVICE_CODE_LIFETIME`]: "8m",
    [`${prefix}_SECRET_KEY`]: `${PASSWORD_MARK} ${"k".repeat(32)}`,
  };
  const ended = await check(env);
  assert.equal(ended.code, EXIT.ok, ended.stderr);
  const unreachable = await check({
    ...env,
    DATABASE_URL: `postgres://app:a@${PASSWORD_MARK}@127.0.0.1:1/auth?password=${PASSWORD_MARK}`,
  });
  assert.equal(unreachable.code, EXIT.failure, unreachable.stderr);
  assert.match(
    unreachable.stdout,
    /^database_url +postgres:\/\/app:\*+@127\.0\.0\.1:1\/auth\?password=\*+ +\(DATABASE_URL\)$/m,
  );
  assert.doesNotMatch(unreachable.stdout, /configuration is valid/);
  for (const result of [ended, unreachable]) {
    assertNoSecrets("serve --check", result.stdout + result.stderr);
  }
  for (
    const line of [
      /^listen +127\.0\.0\.1:9999 +\(--listen\)$/m,
      new RegExp(`^device_code_lifetime +8m +\\(${prefix}_DEVICE_CODE_LIFETIME\\)$`, "m"),
      /^session_idle_lifetime +7h +\(.*server\.toml, line \d+\)$/m,
      /^refresh_token_idle_lifetime +30d +\(default\)$/m,
      new RegExp(`^secret_key +\\*+ +\\(${prefix}_SECRET_KEY\\)$`, "m"),
      // Not set: their defaults.
      /^issuer +http:\/\/127\.0\.0\.1:9999 +\(default\)$/m,
      /^audience +http:\/\/127\.0\.0\.1:9999 +\(default\)$/m,
      /^database_url +none +\(default\)$/m,
      /^tls_key +none +\(default\)$/m,
      /The configuration is valid/,
    ]
  ) assert.match(ended.stdout, line);

  const wrong = await run(["serve", "--check", "--listen", "0.0.0.0:80"], { env: home.env });
  assert.equal(wrong.code, EXIT.usage);
  assert.match(wrong.stderr, /^ {2}- listen \(--listen\): /m);
  assert.deepEqual(
    [...Deno.readDirSync(home.folder)].map(({ name }) => name).sort(),
    ["server.toml", "tmp"],
  );
});

Deno.test("two replicas that start at the same time on a new PostgreSQL agree", async () => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  await using cleanUp = new AsyncDisposableStack();
  const issuer = "http://127.0.0.1:9";
  const replicas = await Promise.all(["a", "b"].map(async (name) =>
    cleanUp.use(
      await startServer({
        dataDir: join(home.folder, name),
        databaseUrl: database.url,
        args: ["--issuer", issuer],
      }),
    )
  ));
  const migrated = replicas.filter(({ running }) => /Migrated +\w/.test(running.stdout()));
  assert.equal(migrated.length, 1);
  const keySets = await Promise.all(
    replicas.map(async ({ port }) =>
      await (await fetch(`http://127.0.0.1:${port}/oauth/jwks`)).text()
    ),
  );
  assert.equal(keySets[0], keySets[1]);
  // One that signs and one that will.
  assert.equal(JSON.parse(keySets[0]).keys.length, 2);
});

Deno.test({
  name: "a stopping server finishes requests in progress, and accepts no new ones",
  // Windows has no SIGTERM to send.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = await install({ database: POSTGRES });
    const { port, running } = server.server;
    const sql = postgres(server.databaseUrl!, { max: 1 });
    try {
      const body = `client_id=${brand.cliClientId}&scope=openid`;
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const send = (text: string) => connection.write(new TextEncoder().encode(text));
      await send(
        "POST /oauth/device/authorize HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n" +
          "content-type: application/x-www-form-urlencoded\r\nexpect: 100-continue\r\n" +
          `content-length: ${body.length}\r\n\r\n`,
      );
      // The server asks for the rest once it is at work on the request.
      const chunk = new Uint8Array(1000);
      const read = async () => {
        const length = await connection.read(chunk);
        return length === null ? null : new TextDecoder().decode(chunk.subarray(0, length));
      };
      assert.match(await read() ?? "", /^HTTP\/1\.1 100/);

      running.kill("SIGTERM");
      await running.waitFor(/Stopping…/);
      await assert.rejects(fetch(`${server.issuer}/healthz`));
      await send(body);
      let answer = "";
      for (let text = await read(); text !== null; text = await read()) answer += text;
      assert.match(answer, /^HTTP\/1\.1 200/);
      assert.match(answer, /"user_code":/);
      assert.deepEqual((await running.ended).code, 0);
      const [{ logins }] = await sql`select count(*)::int as logins from device_authorizations`;
      assert.equal(logins, 1);
    } finally {
      await sql.end();
    }
  },
});

Deno.test("serves HTTPS to other machines with its own certificate", async () => {
  await using home = await temporaryHome();
  // In a checkout everyone may read it, and the server refuses such a key.
  const key = join(home.folder, "key.pem");
  await Deno.copyFile(certificate("key.pem"), key);
  if (Deno.build.os !== "windows") await Deno.chmod(key, 0o600);
  const cert = join(home.folder, "cert.pem");
  await Deno.copyFile(certificate("cert.pem"), cert);
  const port = freePort();
  const issuer = `https://127.0.0.1:${port}`;
  await using running = start(
    [
      ...["serve", "--listen", `0.0.0.0:${port}`, "--issuer", issuer],
      ...["--tls-cert", cert, "--tls-key", key],
      ...["--data-dir", join(home.folder, "data")],
    ],
    { env: home.env },
  );
  const [, setupPath] = await running.waitFor(/https:\/\/[^/]+(\/setup\S+)[^]*Ctrl-C/, 60_000);

  // RFC 6265bis section 4.1.3.2: such a cookie comes from this host, over https only.
  const { "set-cookie": cookies } = await headersOf(issuer + setupPath);
  assert.match(cookies![0], /^__Host-[^;]+; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/);

  await using at = await terminal();
  const args = ["login", "--server", issuer, "--no-browser"];
  const stranger = await at.run(args);
  assert.equal(stranger.code, EXIT.failure);
  assert.match(stranger.stderr, /certificate of https:\S+ is not trusted.*_CA_FILE/);
  await using login = start(args, {
    env: { ...at.home.env, [CA_FILE_VARIABLE]: certificate("cert.pem") },
    timeoutMs: 60_000,
  });
  await login.waitFor(/Enter code/);

  if (Deno.build.os === "windows") return;
  // A connection with the old certificate stays usable after it is replaced.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ca = [certificate("cert.pem"), certificate("authority.pem")]
    .map((file) => Deno.readTextFileSync(file));
  const [before, connected] = await request(`${issuer}/healthz`, { ca, agent });
  await Deno.copyFile(certificate("valid.pem"), cert);
  running.kill("SIGHUP");
  await running.waitFor(/tls_certificate_reloaded/);
  const [after] = await request(`${issuer}/healthz`, { ca, agent: false });
  assert.notEqual(after, before);
  const [kept, reused] = await request(`${issuer}/healthz`, { ca, agent });
  assert.equal(kept, before);
  assert.equal(reused, connected, "on the same connection");
  agent.destroy();
  await Deno.writeTextFile(cert, "nothing");
  running.kill("SIGHUP");
  await running.waitFor(/tls_certificate_rejected/);
  assert.deepEqual((await request(`${issuer}/healthz`, { ca, agent: false }))[0], after);
});

/** The server's certificate and our port. */
function request(
  address: string,
  options: { ca: string[]; agent: Agent | false },
): Promise<[fingerprint: string, localPort: number]> {
  return new Promise((resolve, reject) => {
    get(address, options, (answer) => {
      const socket = answer.socket as TLSSocket;
      const { fingerprint256 } = socket.getPeerCertificate();
      const { localPort } = socket;
      answer.resume();
      answer.on("end", () => resolve([fingerprint256, localPort!]));
    }).on("error", reject);
  });
}

function headersOf(address: string): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    get(address, { ca: Deno.readTextFileSync(certificate("cert.pem")), agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.headers));
    }).on("error", reject);
  });
}

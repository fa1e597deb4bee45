/** What the program reports about a server that cannot be reached, on real connections. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CA_FILE_VARIABLE } from "../../shared/certificate_authorities.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { startPostgres } from "../support/postgres.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const path = (name: string) =>
  fileURLToPath(new URL(`../support/certificate/${name}.pem`, import.meta.url));

Deno.test("reports each certificate error by its cause, and sends no request", async () => {
  await using home = await temporaryHome();
  const messages = new Map<string, string>();
  for (const name of ["valid", "expired", "not_yet_valid", "wrong_name", "cert"]) {
    const requests: string[] = [];
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(path(name)),
      key: await Deno.readTextFile(path("key")),
      onListen() {},
    }, (request) => {
      requests.push(request.url);
      return new Response("hello");
    });
    const args = ["login", "--server", `https://127.0.0.1:${server.addr.port}`];
    const env = { ...home.env, [CA_FILE_VARIABLE]: path("authority") };
    const ended = await run([...args, "--insecure-storage"], { env });
    assert.equal(ended.code, EXIT.failure, ended.stderr);
    const message = ended.stderr.trimEnd().split("\n").at(-1)!;
    messages.set(name, message.replaceAll(String(server.addr.port), "PORT"));
    assert.equal(requests.length > 0, name === "valid", `${name}: ${message}`);
  }
  assert.equal(new Set(messages.values()).size, 5);
  assert.match(messages.get("expired")!, /expired \(2021-01-01\)/);
  assert.match(messages.get("not_yet_valid")!, /not valid yet \(before 2118-01-01\)/);
  assert.match(messages.get("wrong_name")!, /other\.example/);
  assert.match(messages.get("cert")!, /issuer is unknown.*_CA_FILE/);
});

Deno.test("trusts the authorities of each variable, and reports files that have none", async () => {
  await using home = await temporaryHome();
  const requests: string[] = [];
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(path("valid")),
    key: await Deno.readTextFile(path("key")),
    onListen() {},
  }, (request) => {
    requests.push(request.url);
    return new Response("hello");
  });
  const folder = join(home.folder, "authorities");
  await Deno.mkdir(folder);
  await Deno.copyFile(path("authority"), join(folder, "company.pem"));
  const args = ["login", "--server", `https://127.0.0.1:${server.addr.port}`];
  const login = async (env: Record<string, string>) => {
    requests.length = 0;
    const { code, stderr } = await run([...args, "--insecure-storage"], {
      env: { ...home.env, ...env },
    });
    assert.equal(code, EXIT.failure, stderr);
    return { stderr, isTrusted: requests.length > 0 };
  };
  const trusting: Record<string, string>[] = [
    { [CA_FILE_VARIABLE]: path("authority") },
    { SSL_CERT_FILE: path("authority") },
    { SSL_CERT_DIR: `/nonexistent:${folder}` },
    { SSL_CERT_FILE: path("cert"), SSL_CERT_DIR: folder, [CA_FILE_VARIABLE]: path("cert") },
  ];
  for (const env of trusting) {
    const { isTrusted, stderr } = await login(env);
    assert.ok(isTrusted, `${JSON.stringify(env)}: ${stderr}`);
  }
  const examine = async (env: Record<string, string>) => {
    const { code, stdout } = await run(["doctor", "--json", ...args.slice(1)], {
      env: { ...home.env, ...env },
    });
    assert.equal(code, EXIT.failure);
    const findings: { check: string; message: string }[] = JSON.parse(stdout).findings;
    return findings.find(({ check }) => check === "connection")!.message;
  };
  assert.match(await examine({}), /issuer is unknown/);
  assert.match(await examine(trusting[0]), /something else answers/);
  const others: [Record<string, string>, RegExp][] = [
    [{}, /issuer is unknown/],
    // Settings of the runtime have no effect.
    [{ DENO_CERT: path("authority") }, /issuer is unknown/],
    [{ [CA_FILE_VARIABLE]: path("cert") }, /issuer is unknown/],
    [{ [CA_FILE_VARIABLE]: "/nonexistent.pem" }, /_CA_FILE: \S+ does not exist\. Set _?/],
    [{ [CA_FILE_VARIABLE]: folder }, /_CA_FILE: \S+ cannot be read/],
    [{ [CA_FILE_VARIABLE]: path("key") }, /_CA_FILE: \S+ contains no certificate/],
    [{ SSL_CERT_FILE: "/nonexistent.pem" }, /SSL_CERT_FILE: \S+ does not exist/],
  ];
  for (const [env, message] of others) {
    const { isTrusted, stderr } = await login(env);
    assert.match(stderr, message);
    assert.ok(!isTrusted);
  }
});

Deno.test("trusts the authorities of ca_file for the connection to PostgreSQL", async () => {
  await using home = await temporaryHome();
  await using database = await startPostgres("18", {
    tls: { certificate: path("valid"), key: path("key") },
  });
  const status = async (caFile: string) => {
    const args = ["migrate", "--status", "--database-url", `${database.url}?sslmode=verify-full`];
    return await run(args, { env: { ...home.env, [CA_FILE_VARIABLE]: caFile } });
  };
  const untrusted = await status("");
  assert.equal(untrusted.code, EXIT.failure);
  assert.match(untrusted.stderr, /not signed by an authority.* ca_file/);
  const trusted = await status(path("authority"));
  // It is empty.
  assert.match(trusted.stderr, /there is no database yet/);
  const missing = await status("/nonexistent.pem");
  assert.match(missing.stderr, /ca_file: \/nonexistent\.pem does not exist/);
  assert.equal(missing.code, EXIT.usage);
});

Deno.test("a wrong protocol does not exit with 75", async () => {
  await using home = await temporaryHome();
  await using plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello"),
  );
  await using secure = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(path("valid")),
    key: await Deno.readTextFile(path("key")),
    onListen() {},
  }, () => new Response("hello"));
  const login = async (server: string) => {
    const args = ["login", "--server", server, "--insecure-storage"];
    return (await run(args, { env: home.env })).code;
  };
  assert.equal(await login(`https://127.0.0.1:${plain.addr.port}`), EXIT.failure);
  assert.equal(await login(`http://127.0.0.1:${secure.addr.port}`), EXIT.failure);
});

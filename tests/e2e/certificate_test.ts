/** What the program reports about a server that cannot be reached, on real connections. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
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
    const env = { ...home.env, DENO_CERT: path("authority") };
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
  assert.match(messages.get("cert")!, /issuer is unknown.*DENO_CERT/);
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

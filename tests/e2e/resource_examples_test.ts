/** The examples of docs/resources.md, with the server that its config file declares. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { documentedExample } from "../support/documented_example.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { install } from "../support/installation.ts";
import { startNginx } from "../support/reverse_proxy.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const PAGE = "docs/resources.md";

/** The example as a function of what it leaves to the API. */
async function verifier(issuer: string) {
  const code = (await documentedExample(PAGE, "js"))
    .replace("https://auth.example.com", issuer);
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (verify: typeof jwtVerify, keys: unknown, token: string) => Promise<{ scope: string }>;
  const verify = new AsyncFunction("jwtVerify", "keys", "token", `${code}\nreturn payload;`);
  const keys = createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`));
  return (token: string) => verify(jwtVerify, keys, token);
}

Deno.test({
  name: "the examples of docs/resources.md accept only tokens for the resource",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    const config = join(home.folder, "server.toml");
    await Deno.writeTextFile(config, await documentedExample(PAGE, "toml"), { mode: 0o600 });
    await using server = await install({ args: ["--config", config] });
    await logIn(server, home, { resources: ["orders"] });
    const token = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(["token", ...args], { env: home.env });
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };

    await t.step("an API that validates JWTs", async () => {
      const verify = await verifier(server.issuer);
      assert.match((await verify(await token("--for", "orders"))).scope, /\borders:read\b/);
      await assert.rejects(verify(await token()), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
    });

    await t.step("the metadata that nginx serves for the API", async () => {
      const folder = await Deno.makeTempDir({ prefix: "proxy-" });
      await using _folder = {
        [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
      };
      const port = freePort();
      const location = (await documentedExample(PAGE, "nginx"))
        .replace("https://auth.example.com", server.issuer);
      await using _nginx = await startNginx(
        folder,
        () => `server {\nlisten 127.0.0.1:${port};\n${location}\n}`,
      );
      const url = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource`;
      const metadata = await eventually(
        "nginx listens",
        () => fetch(url).then((response) => response.json(), () => undefined),
      );
      assert.equal(metadata.resource, "https://orders.example.com");
      assert.deepEqual(metadata.authorization_servers, [server.issuer]);
    });

    await t.step("the challenge of /auth/verify", async () => {
      const example = await documentedExample(PAGE, "http");
      const response = await fetch(
        `${server.issuer}/auth/verify?resource=orders&scope=orders:read`,
      );
      await response.body?.cancel();
      assert.equal(
        `WWW-Authenticate: ${response.headers.get("www-authenticate")}`,
        example.trim().replace("https://auth.example.com", server.issuer),
      );
    });
  },
});

/** The environment of programs that the compiled program starts, and the proxies it uses. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { run } from "../support/binary.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;
const SERVER = `${brand.envPrefix}_SERVER`;
const PAT = "opaque-token";

/** The proxy variables in every spelling and combination that some program treats differently. */
const PROXY_SETTINGS: Record<string, string>[] = [
  {},
  { NO_PROXY: "*" },
  { no_proxy: "*" },
  { NO_PROXY: "", no_proxy: "internal.example" },
  { NO_PROXY: "a.example, 10.0.0.0/8", no_proxy: "*" },
];

Deno.test({
  name: "exec passes the caller's environment and the documented variables only",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await temporaryHome();
    await using server = new ScriptedServer();
    for (const settings of PROXY_SETTINGS) {
      const env = {
        ...home.env,
        ...settings,
        HTTP_PROXY: "http://127.0.0.1:1",
        https_proxy: "http://127.0.0.1:1",
        [TOKEN]: PAT,
        [SERVER]: server.issuer,
      };
      // A request first, for that is when the proxy variables are read.
      server.script("/oauth/token", {
        json: {
          access_token: "exchanged",
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
          token_type: "Bearer",
          expires_in: 900,
          scope: "openid",
        },
      });
      const args = ["exec", "--exchange", "--env", "API_TOKEN", "--", "env"];
      const { code, stdout, stderr } = await run(args, { env });
      assert.equal(code, 0, stderr);
      const seen = Object.fromEntries(
        stdout.trimEnd().split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)),
      );
      const documented = { [TOKEN]: "exchanged", API_TOKEN: "exchanged", [SERVER]: server.issuer };
      delete seen[`${TOKEN}_SOCKET`];
      assert.deepEqual(seen, { PATH: Deno.env.get("PATH"), ...env, ...documented });
    }
  },
});

Deno.test("never uses a proxy for requests to this machine, regardless of NO_PROXY", async () => {
  await using home = await temporaryHome();
  await using server = new ScriptedServer();
  await using proxy = new ScriptedServer();
  server.script("/oauth/userinfo", { json: { sub: "alice" } });
  for (const settings of PROXY_SETTINGS) {
    const env = { ...home.env, ...settings, HTTP_PROXY: proxy.issuer, [TOKEN]: PAT };
    const { code, stderr } = await run(["whoami", "--server", server.issuer], { env });
    assert.equal(code, 0, stderr);
  }
  assert.equal(proxy.asked.length, 0);
});

Deno.test("uses the proxy for other machines unless NO_PROXY excludes them", async () => {
  await using home = await temporaryHome();
  await using proxy = new ScriptedServer();
  const server = "https://auth.invalid";
  const whoami = async (settings: Record<string, string>) => {
    const env = { ...home.env, ...settings, HTTPS_PROXY: proxy.issuer, [TOKEN]: PAT };
    const { stderr } = await run(["whoami", "--server", server], { env });
    return stderr;
  };
  const throughProxy = await whoami({});
  for (const NO_PROXY of ["*", "auth.invalid", ".invalid"]) {
    assert.notEqual(await whoami({ NO_PROXY }), throughProxy, NO_PROXY);
  }
});

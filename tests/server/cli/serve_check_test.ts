import assert from "node:assert/strict";
import { join } from "node:path";
import { serve } from "../../../server/cli/run_serve.ts";
import { settings } from "../../../server/config/schema.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { assertGolden } from "../../support/golden.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

Deno.test("serve --check prints every setting once, without secrets", async () => {
  const home = await Deno.makeTempDir();
  let output = "";
  let text = "";
  const write = (text: string) => {
    output += text.replaceAll(home, "/home/alice");
    return true;
  };
  const io = {
    stdout: write,
    stderr: write,
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    env: {
      [`${brand.envPrefix}_SECRET_KEY`]: "k".repeat(32),
      [`${brand.envPrefix}_SMTP_URL`]: "smtp://user:tr0ub4dor@127.0.0.1",
      [`${brand.envPrefix}_ACCESS_TOKEN_LIFETIME`]: "soon",
    },
    signal: new AbortController().signal,
    clock: { now: () => 0 },
    platform: { os: "linux", homedir: home },
  };
  try {
    await Deno.mkdir(join(home, ".local"));
    const config = join(home, "server.toml");
    const scope = '[scopes.deploy]\ndescription = "Deploy"\ndevice_flow = "off"\n';
    await Deno.writeTextFile(config, scope, { mode: 0o600 });
    const flags = {
      check: true,
      config,
      listen: "0.0.0.0:8787",
      databaseUrl: "postgres://user:password@db.example/auth",
      webhookUrl: "https://hooks.example/password",
    };
    assert.equal(await serve(flags, io), EXIT.usage);
    text = output;
    output = "";
    assert.equal(await serve({ ...flags, json: true }, io), EXIT.usage);
    const json = parseOutput("serve", output);
    assert.deepEqual([json.valid, json.database], [false, null]);
    assert.deepEqual(json.scopeDeviceFlow, { deploy: ["off"] });
    assert.ok(json.problems.some(({ subject }: { subject: string }) => subject === "issuer"));
    assert.doesNotMatch(output, /tr0ub4dor|kkk/);
    output = "";
    const env = {};
    const fresh = { check: true, json: true, dataDir: join(home, "data") };
    assert.equal(await serve(fresh, { ...io, env }), EXIT.ok, output);
    assert.equal(parseOutput("serve", output).database.state, "missing");
    output = "";
    assert.equal(await serve({ json: true }, { ...io, env }), EXIT.usage);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
  assert.doesNotMatch(text, /tr0ub4dor|kkk/);
  for (const { name } of settings) {
    assert.equal(text.match(new RegExp(`^${name} `, "gm"))?.length, 1, name);
  }
  await assertGolden("serve-check.txt", text);
});

import { strict as assert } from "node:assert";
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";
import { version } from "../shared/version.ts";
import { parseOutput } from "./support/output_schema.ts";

interface Ended {
  code: number;
  out: string;
  err: string;
}

function run(...args: string[]): Promise<Ended> {
  return runWith({}, ...args);
}

async function runWith(env: Record<string, string>, ...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--lock=deno.lock", "--frozen", "--no-check", "--allow-all", "main.ts"],
      ...args,
    ],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      DENO_DIR: Deno.env.get("DENO_DIR") ?? "",
      HOME: Deno.env.get("HOME") ?? "",
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
      ...(Deno.env.get("DENO_TLS_CA_STORE") && { DENO_TLS_CA_STORE: "system" }),
    },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("the version is deno.json's", async () => {
  const config = JSON.parse(await Deno.readTextFile("deno.json"));
  assert.equal(version, config.version);
});

Deno.test("--version --json prints what version --json does", async () => {
  const { code, out } = await run("--version", "--json");
  assert.equal(code, EXIT.ok);
  assert.equal(out, (await run("version", "--json")).out);
  assert.equal(parseOutput("version", out).version, version);
});

Deno.test("--version prints version, commit and Deno version", async () => {
  const { code, out, err } = await run("--version");
  assert.equal(code, EXIT.ok);
  assert.equal(err, "");
  assert.match(
    out,
    new RegExp(`^${brand.binaryName} ${version} \\(.+, Deno ${Deno.version.deno}, .+\\)\n$`),
  );
});

Deno.test("what is meant for this machine goes through no proxy", async () => {
  const asked: string[] = [];
  const listen = (name: string) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      asked.push(name);
      return new Response(null, { status: 404 });
    });
  await using proxy = listen("proxy");
  await using server = listen("server");
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.addr.port}`, no_proxy: "example.com" };
  const token = { [`${brand.envPrefix}_TOKEN`]: "secret" };
  const issuer = `http://localhost:${server.addr.port}`;
  const { code } = await runWith({ ...env, ...token }, "whoami", "--server", issuer);
  assert.equal(code, EXIT.failure);
  assert.deepEqual(asked, ["server"]);
});

Deno.test("help goes to stdout, with examples", async () => {
  const requests = [
    ...[[], ["--help"], ["help"], ["token", "--help"], ["admin", "user", "--help"]],
    ...[["admin"], ["admin", "user"], ["admin", "help", "user"], ["help", "pat", "create"]],
    ...[["help", "auth", "login"], ["pat", "ls", "--help"]],
  ];
  for (const args of requests) {
    const { code, out, err } = await run(...args);
    assert.equal(code, EXIT.ok, args.join(" "));
    assert.equal(err, "");
    assert.match(out, /^Usage: /);
  }
  assert.match((await run("token", "--help")).out, /Examples:\n {2}\$ curl/);
});

Deno.test("a command that has subcommands runs without options", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, out, err } = await runWith(
      { [`${brand.envPrefix}_DATA_DIR`]: folder },
      "admin",
      "audit",
    );
    assert.equal(code, EXIT.usage);
    assert.equal(out, "");
    assert.match(err, /there is no database yet/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("wrong usage exits 2, says nothing on stdout, and hints at what was meant", async () => {
  const cases: [string[], RegExp][] = [
    [["logn"], /Did you mean login\?/],
    [["admin", "user", "ad"], /Did you mean add\?[^]*admin user --help/],
    [["token", "--haeder"], /Did you mean --header\?[^]*token --help/],
    [["token", "--header", "--json"], /cannot be used with/],
    [["token", "--min-ttl", "soon"], /90s, 5m, 1h/],
    [["token", "extra"], /too many arguments/],
    [["completion", "tcsh"], /bash, zsh, fish, powershell/],
    [["login", "--server", "http://auth.example.com"], /Use https:/],
    [["help", "nosuch"], /unknown command 'nosuch'/],
    [["nosuch", "--help"], /unknown command 'nosuch'/],
    [["help", "pat", "crate"], /Did you mean create\?/],
    [["pat", "crate"], /Did you mean create\?/],
    [["pat", "create"], /required option '--name <name>'[^]*pat create --help/],
    [["exec"], /missing required argument/],
    [["auth", "docker", "put"], /get, list, store, erase/],
    [["scan", "--staged", "client"], /only one of: paths, --staged/],
  ];
  for (const [args, hint] of cases) {
    const { code, out, err } = await run(...args);
    assert.equal(code, EXIT.usage, `${args.join(" ")}: ${err}`);
    assert.equal(out, "");
    assert.match(err, hint);
  }
});

/** The credential helpers that answer for the hosts on the list, in the exact form of each protocol. */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { authBazel } from "../../../client/commands/auth/bazel.ts";
import { authCargo } from "../../../client/commands/auth/cargo.ts";
import { authDocker } from "../../../client/commands/auth/docker.ts";
import { authGitCredential } from "../../../client/commands/auth/git_credential.ts";
import { authGoauth } from "../../../client/commands/auth/goauth.ts";
import { authHeaders } from "../../../client/commands/auth/headers.ts";
import {
  type AddHostOptions,
  addHosts,
  listHosts,
  removeHosts,
} from "../../../client/commands/auth/hosts.ts";
import { authKeyring } from "../../../client/commands/auth/keyring.ts";
import { authPnpm } from "../../../client/commands/auth/pnpm.ts";
import { authTerraform } from "../../../client/commands/auth/terraform.ts";
import { knownValues } from "../../../client/commands/completion/known_values.ts";
import { impliedArguments } from "../../../client/helpers/programs.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type ClientHome, clientHome, jwt, logIn } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

/** Runs `command` with `stdin`, and returns its exit code. */
async function run(
  io: MemoryIo,
  command: (io: ClientIo) => Promise<number>,
  stdin = "",
): Promise<number> {
  Object.assign(io, { stdin, out: "", err: "" });
  return await runCommand(io, command);
}

/** Every helper, asked for the token of a host; the text in which its answer contains the token. */
const HELPERS: Record<string, (url: string, io: MemoryIo) => Promise<number>> = {
  bazel: (uri, io) => run(io, (io) => authBazel("get", io), JSON.stringify({ uri, other: 1 })),
  cargo: (url, io) => run(io, authCargo, cargoRequest(url)),
  docker: (url, io) => run(io, (io) => authDocker("get", {}, io), url),
  git: (url, io) => {
    const [protocol, rest] = url.split("://");
    const stdin = `protocol=${protocol}\nhost=${rest.split("/")[0]}\n\n`;
    return run(io, (io) => authGitCredential("get", {}, io), stdin);
  },
  goauth: (url, io) => run(io, (io) => authGoauth(url, io)),
  headers: (url, io) => run(io, (io) => authHeaders(url, io)),
  keyring: (url, io) => run(io, (io) => authKeyring(["get", url, "someone"], io)),
  pnpm: (url, io) => run(io, (io) => authPnpm(url, io)),
};

function cargoRequest(url: string, kind = "get"): string {
  const registry = { "index-url": url, name: "mine", headers: ["WWW-Authenticate: Bearer"] };
  return `${JSON.stringify({ v: 1, registry, kind, operation: "read", args: [] })}\n`;
}

async function listed(hosts: string[]): Promise<ClientHome & { server: ScriptedServer }> {
  const server = new ScriptedServer();
  const home = await clientHome();
  await logIn(home.io, server, "alice@example.com", "secret-token");
  assert.equal(await run(home.io, (io) => addHosts(hosts, {}, io)), EXIT.ok, home.io.err);
  return {
    ...home,
    server,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("every helper returns the token for a listed host and for no other", async (t) => {
  await using home = await listed([
    "pkg.example.com",
    "pkg.example.com:8443",
    "http://127.0.0.1:81",
  ]);
  const { io } = home;
  for (const [name, ask] of Object.entries(HELPERS)) {
    await t.step(name, async () => {
      for (
        const url of [
          "https://pkg.example.com/a/b",
          "https://PKG.example.com:443/",
          "https://pkg.example.com:8443/",
          "http://127.0.0.1:81/simple/",
        ]
      ) {
        assert.equal(await ask(url, io), EXIT.ok, `${url} ${io.err}`);
        assert.match(io.out, /secret-token/, url);
      }
      for (
        const url of [
          "https://example.com/",
          "https://pkg.example.com.evil.example/",
          "https://pkg.example.com:9443/",
          "https://evilpkg.example.com/",
          "https://pkg.example.com@evil.example/",
          "https://evil.example\\@pkg.example.com/",
          "https://pkg.example.com\\@evil.example/",
          "https://127.0.0.1:81/",
          "http://127.0.0.2:81/",
          "ssh://pkg.example.com/",
        ]
      ) {
        await ask(url, io);
        assert.doesNotMatch(io.out + io.err, /secret-token/, url);
      }
      for (const url of ["http://pkg.example.com/", "http://pkg.example.com:8443/"]) {
        await ask(url, io);
        assert.doesNotMatch(io.out + io.err, /secret-token/, url);
        assert.match(io.out + io.err, /over http/, url);
      }
    });
  }
});

Deno.test("Bazel gets the header with its expiry, and errors exit with a failure", async () => {
  await using home = await listed(["remote.example.com"]);
  const { io } = home;
  assert.equal(await HELPERS.bazel("grpcs://remote.example.com/build.Execution", io), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), {
    headers: { Authorization: ["Bearer secret-token"] },
    expires: "2026-11-24T10:15:10Z",
  });
  assert.equal(await HELPERS.bazel("https://other.example.com/", io), EXIT.failure);
  assert.equal(io.out, "");
  assert.match(io.err, /hosts add other\.example\.com/);
  for (const stdin of ["", "{}", "[]", '{"uri":1}', "x"]) {
    assert.equal(await run(io, (io) => authBazel("get", io), stdin), EXIT.usage, stdin);
    assert.equal(io.out, "");
  }
  assert.equal(await run(io, (io) => authBazel("store", io)), EXIT.failure);
});

Deno.test("Go gets nothing before a request failed, then the header for the host", async () => {
  await using home = await listed(["mod.example.com:8443"]);
  const { io } = home;
  assert.equal(await run(io, (io) => authGoauth(undefined, io)), EXIT.ok);
  assert.equal(io.out, "");
  assert.equal(
    await HELPERS.goauth("https://mod.example.com:8443/a/@v/list?go-get=1", io),
    EXIT.ok,
  );
  assert.equal(io.out, "https://mod.example.com:8443\n\nAuthorization: Bearer secret-token\n\n");
  assert.equal(await HELPERS.goauth("https://proxy.golang.org/a", io), EXIT.ok);
  assert.equal(io.out + io.err, "");
});

Deno.test("cargo gets one line for each request", async () => {
  await using home = await listed(["crates.example.com"]);
  const { io } = home;
  const url = "sparse+https://crates.example.com/index/";
  const requests = [
    cargoRequest(url),
    cargoRequest("https://github.com/rust-lang/crates.io-index"),
    cargoRequest(url, "login"),
    "nonsense\n",
    '{"v":2}\n',
    cargoRequest("sparse+http://crates.example.com/"),
  ].join("");
  assert.equal(await run(io, authCargo, requests), EXIT.ok);
  const [hello, ...answers] = io.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(hello, { v: [1] });
  assert.deepEqual(answers[0], {
    Ok: {
      kind: "get",
      token: "Bearer secret-token",
      cache: "expires",
      expiration: Date.parse("2026-11-24T10:15:10Z") / 1000,
      operation_independent: true,
    },
  });
  assert.deepEqual(answers[1], { Err: { kind: "url-not-supported" } });
  assert.deepEqual(answers[2], { Err: { kind: "operation-not-supported" } });
  assert.deepEqual(answers.slice(3).map(({ Err }) => Err.kind), ["other", "other", "other"]);
  assert.equal(answers.length, 6);
});

Deno.test("Terraform gets a token, or an empty object for other hosts", async () => {
  await using home = await listed(["tf.example.com"]);
  const { io } = home;
  const get = (host: string) => run(io, (io) => authTerraform("get", host, io));
  assert.equal(await get("tf.example.com"), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), { token: "secret-token" });
  assert.equal(await get("app.terraform.io"), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), {});
  for (const operation of ["store", "forget"]) {
    assert.equal(
      await run(io, (io) => authTerraform(operation, "tf.example.com", io), "{}"),
      EXIT.failure,
    );
    assert.equal(io.out, "");
  }
});

Deno.test("agents get the headers, also for the address in their variable", async () => {
  await using home = await listed(["mcp.example.com"]);
  const { io } = home;
  assert.equal(await HELPERS.headers("https://mcp.example.com/mcp", io), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), { Authorization: "Bearer secret-token" });
  io.env.CLAUDE_CODE_MCP_SERVER_URL = "https://mcp.example.com/mcp";
  assert.equal(await run(io, (io) => authHeaders(undefined, io)), EXIT.ok);
  assert.equal(JSON.parse(io.out).Authorization, "Bearer secret-token");
  delete io.env.CLAUDE_CODE_MCP_SERVER_URL;
  assert.equal(await run(io, (io) => authHeaders(undefined, io)), EXIT.usage);
  assert.equal(await HELPERS.headers("https://evil.example/?t=private", io), EXIT.failure);
  assert.doesNotMatch(io.err, /private/);
});

Deno.test("keyring prints what pip and uv ask for", async () => {
  await using home = await listed(["pypi.example.com"]);
  const { io } = home;
  const keyring = (...args: string[]) => run(io, (io) => authKeyring(args, io));
  assert.equal(await keyring("get", "pypi.example.com", "bob"), EXIT.ok);
  assert.equal(io.out, "secret-token\n");
  assert.equal(
    await keyring("--mode", "creds", "get", "https://pypi.example.com/simple/"),
    EXIT.ok,
  );
  assert.equal(io.out, "alice@example.com\nsecret-token\n");
  assert.equal(await keyring("get", "https://pypi.example.com/", "bob", "--mode=creds"), EXIT.ok);
  assert.equal(io.out, "bob\nsecret-token\n");
  const json = ["--mode=creds", "--output=json", "get", "https://pypi.example.com/simple/"];
  assert.equal(await keyring(...json), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), {
    username: "alice@example.com",
    password: "secret-token",
  });
  assert.equal(await keyring("get", "--output", "json", "pypi.example.com", "bob"), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), { password: "secret-token" });
  assert.equal(await keyring("set", "pypi.example.com", "bob"), EXIT.failure);
  assert.equal(io.out, "");
  assert.equal(await keyring(), EXIT.failure);
});

Deno.test("keyring passes requests for other hosts to the next keyring on PATH", async () => {
  await using home = await listed(["pypi.example.com"]);
  const { io } = home;
  const own = join(home.folder, "own");
  const other = join(home.folder, "other");
  const name = Deno.build.os === "windows" ? "keyring.exe" : "keyring";
  for (const folder of [own, other]) await Deno.mkdir(folder);
  const program = join(home.folder, "program");
  await Deno.writeTextFile(program, "");
  await Deno.symlink(program, join(own, name));
  await Deno.writeTextFile(join(other, name), "");
  io.platform = { ...io.platform, os: Deno.build.os, programPath: program };
  const separator = Deno.build.os === "windows" ? ";" : ":";
  io.env.PATH = [own, other].join(separator);
  io.foreground[join(other, name)] = 3;
  const args = ["get", "https://upload.pypi.org/legacy/", "__token__"];
  assert.equal(await run(io, (io) => authKeyring(args, io)), 3);
  assert.deepEqual(io.inFront, [{ command: [join(other, name), ...args], env: {} }]);
  // Another copy of this program, which would come back to this one.
  for (const path of [own, [other, own].join(separator)]) {
    io.env.PATH = path;
    assert.equal(await run(io, (io) => authKeyring(args, io)), EXIT.failure);
    assert.equal(io.out + io.err, "");
  }
  io.env.PATH = other;
  assert.equal(await run(io, (io) => authKeyring(args, io)), 3);
});

Deno.test("git gets a bearer token if it can send one and the host takes it", async () => {
  await using home = await listed(["git.example.com"]);
  const { io } = home;
  const ask = (...lines: string[]) =>
    run(
      io,
      (io) => authGitCredential("get", {}, io),
      ["protocol=https", "host=git.example.com", ...lines, "", ""].join("\n"),
    );
  const expiry = Date.parse("2026-11-24T10:15:10Z") / 1000;
  const bearer = "capability[]=authtype\nauthtype=Bearer\ncredential=secret-token\nephemeral=1\n" +
    `password_expiry_utc=${expiry}\n`;
  const basic = "protocol=https\nhost=git.example.com\nusername=alice@example.com\n" +
    `password=secret-token\npassword_expiry_utc=${expiry}\n`;
  const offer = ["capability[]=authtype", "capability[]=state"];
  const answers: [string[], string][] = [
    [offer, bearer],
    [[...offer, 'wwwauth[]=Bearer realm="x"', 'wwwauth[]=Basic realm="x"'], bearer],
    [[...offer, 'wwwauth[]=Basic realm="x"'], basic],
    [['wwwauth[]=Bearer realm="x"'], basic],
    [["capability[]=state"], basic],
    [[...offer, "capability[]="], basic],
    [[], basic],
  ];
  for (const [lines, answer] of answers) {
    assert.equal(await ask(...lines), EXIT.ok);
    assert.equal(io.out, answer, lines.join(" "));
  }
});

Deno.test("a host keeps the server of the login that was active when it was added", async () => {
  await using home = await listed(["pkg.example.com"]);
  await using other = new ScriptedServer();
  const { io } = home;
  await logIn(io, other, "bob@example.com", "other-token");
  assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.ok);
  assert.equal(JSON.parse(io.out).Authorization, "Bearer secret-token");
  await run(io, (io) => addHosts(["pkg.example.com"], { server: other.issuer, user: "me" }, io));
  assert.equal(await HELPERS.docker("pkg.example.com", io), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), {
    ServerURL: "pkg.example.com",
    Username: "me",
    Secret: "other-token",
  });
  assert.equal(await run(io, (io) => listHosts({ json: true }, io)), EXIT.ok);
  assert.deepEqual(parseOutput("auth-hosts-list", io.out), [
    {
      host: "pkg.example.com",
      server: other.issuer,
      account: null,
      user: "me",
      exchange: false,
      resource: null,
      scopes: null,
    },
  ]);
  assert.equal(await run(io, (io) => removeHosts(["pkg.example.com"], io)), EXIT.ok);
  assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.failure);
  assert.equal(await run(io, (io) => removeHosts(["pkg.example.com"], io)), EXIT.failure);
});

Deno.test("a list without a login gets the token of the environment", async () => {
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io, (io) => addHosts(["pkg.example.com"], {}, io)), EXIT.ok);
  assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.authenticationRequired);
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.ok);
  assert.equal(JSON.parse(io.out).Authorization, "Bearer opaque");
  assert.equal(await HELPERS.bazel("https://pkg.example.com/", io), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), { headers: { Authorization: ["Bearer opaque"] } });
});

Deno.test("a host does not get the token of the environment that is for another server", async () => {
  await using home = await listed(["pkg.example.com"]);
  const { io, server } = home;
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  io.env[`${brand.envPrefix}_SERVER`] = "https://other.example.com";
  for (const [name, ask] of Object.entries(HELPERS)) {
    await ask("https://pkg.example.com/", io);
    assert.doesNotMatch(io.out + io.err, /opaque/, name);
  }
  io.env[`${brand.envPrefix}_SERVER`] = server.issuer;
  assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.ok);
  assert.equal(JSON.parse(io.out).Authorization, "Bearer opaque");
});

Deno.test("a host does not get the token of the environment that is for another resource", async () => {
  await using home = await listed(["pkg.example.com"]);
  const { io, server } = home;
  const billing = "https://billing.example.com/v1";
  server.script("/.well-known/oauth-authorization-server", {
    json: {
      ...server.metadata(),
      resources: [
        { name: "default", identifier: "https://api.example.com" },
        { name: "billing", identifier: billing },
      ],
    },
  });
  const claims = { iss: server.issuer, sub: "alice", sid: "login" };
  const foreign = jwt({ ...claims, aud: billing });
  io.env[`${brand.envPrefix}_TOKEN`] = foreign;
  for (const [name, ask] of Object.entries(HELPERS)) {
    await ask("https://pkg.example.com/", io);
    assert.ok(!(io.out + io.err).includes(foreign), name);
  }
  for (const aud of [server.issuer, "https://api.example.com"]) {
    const token = jwt({ ...claims, aud });
    io.env[`${brand.envPrefix}_TOKEN`] = token;
    assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.ok, io.err);
    assert.equal(JSON.parse(io.out).Authorization, `Bearer ${token}`);
  }
});

Deno.test("rejects hosts that a token cannot be sent to", async () => {
  await using home = await clientHome();
  const { io } = home;
  const invalid = [
    "",
    " ",
    "*.example.com",
    "https://git.example.com/team",
    "git.example.com/team",
    "https://user@git.example.com",
    "ssh://git.example.com",
    "git@github.com:team/project",
    "a b",
    "git.example.com?x",
    "git$(id).example.com",
    'git"quoted.example.com',
    "git';&.example.com",
  ];
  for (const host of invalid) {
    assert.equal(await run(io, (io) => addHosts([host], {}, io)), EXIT.usage, host);
  }
  assert.equal(await run(io, (io) => addHosts(["http://git.example.com"], {}, io)), EXIT.failure);
  assert.equal(await run(io, (io) => addHosts(["[::1]:8443", "my_git-1.lan"], {}, io)), EXIT.ok);
  assert.equal(await run(io, (io) => removeHosts(["[::1]:8443", "my_git-1.lan"], io)), EXIT.ok);
  const many = Array.from({ length: 501 }, (_, index) => `h${index}.example.com`);
  assert.equal(await run(io, (io) => addHosts(many, {}, io)), EXIT.usage);
  assert.equal(await run(io, (io) => listHosts({}, io)), EXIT.ok);
  assert.equal(io.out, "");
});

Deno.test({
  name: "rejects a list of hosts that others can change, or that is damaged",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await listed(["pkg.example.com"]);
    const { io } = home;
    const path = join(home.folder, "helpers.json");
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await Deno.chmod(path, 0o666);
    assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.credentialStore);
    await Deno.chmod(path, 0o600);
    for (const text of ["", "{}", '{"hosts":[{"host":1}],"installed":[]}', "x"]) {
      await Deno.writeTextFile(path, text);
      assert.equal(await HELPERS.headers("https://pkg.example.com/", io), EXIT.credentialStore);
      assert.equal(io.out, "");
    }
  },
});

Deno.test("a host receives tokens for its resource and with its scopes, and no wider ones", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  const billing = "https://billing.example.com/v1";
  server.script("/.well-known/oauth-authorization-server", {
    json: {
      ...server.metadata(),
      resources: [{ name: "billing", identifier: billing }],
    },
  });
  const claims = { sub: "sub-alice@example.com", sid: "login-1" };
  await logIn(io, server, "alice@example.com", jwt(claims));
  const add = (options: AddHostOptions) =>
    run(io, (io) => addHosts(["api.example.com"], options, io));
  assert.equal(await add({ for: "unheard-of" }), EXIT.failure);
  assert.equal(await add({ scope: ["offline_access"] }), EXIT.usage);
  assert.equal(await add({ for: "billing", scope: ["read"], exchange: true }), EXIT.ok, io.err);
  server.asked.length = 0;
  const token = jwt({ ...claims, jti: "narrow" });
  server.script("/oauth/token", {
    json: { access_token: token, token_type: "Bearer", expires_in: 900, scope: "read" },
  });
  for (const _ of ["requested", "stored"]) {
    assert.equal(await HELPERS.headers("https://api.example.com/", io), EXIT.ok, io.err);
    assert.equal(JSON.parse(io.out).Authorization, `Bearer ${token}`);
  }
  const [{ form }, ...more] = server.askedAt("/oauth/token");
  assert.deepEqual([form.resource, form.scope, more.length], [billing, "read", 0]);
  // A personal access token cannot be restricted, unless it is exchanged.
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  for (const ask of Object.values(HELPERS)) {
    await ask("https://api.example.com/", io);
    assert.doesNotMatch(io.out + io.err, /opaque/);
  }
  delete io.env[`${brand.envPrefix}_TOKEN`];
  assert.equal(await run(io, (io) => listHosts({ json: true }, io)), EXIT.ok);
  const [{ resource, scopes }] = parseOutput("auth-hosts-list", io.out);
  assert.deepEqual([resource, scopes], [billing, ["read"]]);
});

Deno.test("completes the hosts that can be removed", async () => {
  await using home = await listed(["b.example.com", "http://127.0.0.1:81", "a.example.com:5000"]);
  const offered = async (path: string) =>
    (await knownValues(
      { attribute: "hosts", path: path.split(" "), selection: {}, typed: [] },
      home.io,
    )).map(([value]) => value);
  assert.deepEqual(await offered("auth hosts remove"), [
    "a.example.com:5000",
    "b.example.com",
    "http://127.0.0.1:81",
  ]);
  assert.deepEqual(await offered("auth hosts add"), []);
});

Deno.test("knows itself by the names under which programs start helpers", () => {
  const bin = brand.binaryName;
  assert.deepEqual(impliedArguments(`docker-credential-${bin}`), ["auth", "docker"]);
  assert.deepEqual(impliedArguments("keyring.exe"), ["auth", "keyring"]);
  for (const name of [bin, "", "toString", `git-${bin}`]) {
    assert.deepEqual(impliedArguments(name), []);
  }
});

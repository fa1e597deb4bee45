import { strict as assert } from "node:assert";
import { join } from "node:path";
import { authDocker, type DockerOptions } from "../../../client/commands/auth/docker.ts";
import {
  authGitCredential,
  type GitCredentialOptions,
} from "../../../client/commands/auth/git_credential.ts";
import { authKubectl } from "../../../client/commands/auth/kubectl.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, logIn } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

async function git(
  io: MemoryIo,
  stdin: string,
  options: GitCredentialOptions = {},
  operation = "get",
): Promise<number> {
  Object.assign(io, { stdin, out: "", err: "" });
  return await runCommand(io, (io) => authGitCredential(operation, options, io));
}

async function docker(
  io: MemoryIo,
  operation: string,
  stdin = "",
  options: DockerOptions = {},
): Promise<number> {
  Object.assign(io, { stdin, out: "", err: "" });
  return await runCommand(io, (io) => authDocker(operation, options, io));
}

const HOST = ["git.example.com"];
const asked = (host: string, protocol = "https") => `protocol=${protocol}\nhost=${host}\n\n`;

Deno.test("git gets a token with its expiry for the named hosts and the server", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  const own = new URL(server.issuer).host;
  for (const host of ["git.example.com", "GIT.example.com:443", own]) {
    assert.equal(await git(io, asked(host), { host: HOST }), EXIT.ok);
    const end = Math.floor(io.clock.now() / 1000) + 900;
    assert.equal(
      io.out,
      `protocol=https\nhost=${host}\nusername=alice@example.com\npassword=at\n` +
        `password_expiry_utc=${end}\n`,
    );
  }
  await git(io, `protocol=https\nhost=git.example.com\nusername=bob\n`, { host: HOST, user: "x" });
  assert.match(io.out, /^username=bob$/m);
  await git(io, asked("git.example.com"), { host: HOST, user: "x" });
  assert.match(io.out, /^username=x$/m);
});

Deno.test("git gets no output for other hosts, with or without a login", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  for (const logged of [false, true]) {
    if (logged) await logIn(io, server);
    for (const host of ["github.com", "git.example.com.evil.example", "git.example.com:8443"]) {
      assert.equal(await git(io, asked(host), { host: HOST }), EXIT.failure);
      assert.equal(io.out + io.err, "", host);
    }
  }
});

Deno.test("git gets no output for a host with more than a name and a port", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  // What git makes of https://git.example.com%2F.evil.example/ and the like.
  for (const character of ["/", "?", "#", "\\", "\t"]) {
    const host = `git.example.com${character}.evil.example`;
    assert.equal(await git(io, asked(host), { host: HOST }), EXIT.failure);
    assert.equal(io.out + io.err, "", host);
  }
  assert.equal(await git(io, asked("evil.example@git.example.com"), { host: HOST }), EXIT.failure);
  assert.equal(io.out + io.err, "");
});

Deno.test("git gets no token over http, and can neither store nor erase one", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  assert.equal(await git(io, asked("git.example.com", "http"), { host: HOST }), EXIT.failure);
  assert.equal(io.out, "");
  assert.match(io.err, /over http: .*Use https/);
  for (const operation of ["store", "erase", "unheard-of"]) {
    const stdin = `${asked("git.example.com").trim()}\nusername=a\npassword=b\n\n`;
    assert.equal(await git(io, stdin, { host: HOST }, operation), EXIT.ok);
    assert.equal(io.out + io.err, "");
  }
  assert.equal(await git(io, asked("git.example.com"), { host: HOST }), EXIT.ok);
});

Deno.test("git gets the next step without a login", async () => {
  await using home = await clientHome();
  const { io } = home;
  const code = await git(io, asked("git.example.com"), { host: HOST });
  assert.equal(code, EXIT.authenticationRequired);
  assert.equal(io.err, `Error: Not logged in. Run: ${brand.binaryName} login\n`);
});

Deno.test("kubectl gets an ExecCredential of the version that it requests", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  const run = async (apiVersion?: string) => {
    io.out = "";
    io.env.KUBERNETES_EXEC_INFO = apiVersion &&
      JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
    return await runCommand(io, (io) => authKubectl({}, io));
  };
  for (const version of [undefined, "v1", "v1beta1"]) {
    const apiVersion = version && `client.authentication.k8s.io/${version}`;
    assert.equal(await run(apiVersion), EXIT.ok);
    assert.deepEqual(JSON.parse(io.out), {
      apiVersion: apiVersion ?? "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "at", expirationTimestamp: "2026-11-24T10:15:10Z" },
    });
  }
  assert.equal(await run("client.authentication.k8s.io/v1alpha1"), EXIT.failure);
  assert.match(io.err, /set the plugin's apiVersion to client\.authentication\.k8s\.io\/v1\./);
  assert.equal(io.out, "");
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  assert.equal(await run(), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out).status, { token: "opaque" });
});

Deno.test("docker gets a token only for the registries in its configuration", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  io.env.DOCKER_CONFIG = home.folder;
  await Deno.writeTextFile(
    join(home.folder, "config.json"),
    JSON.stringify({
      credsStore: brand.binaryName,
      credHelpers: { "registry.example.com": brand.binaryName, "gcr.io": "gcloud" },
    }),
  );
  for (const registry of ["registry.example.com", "https://registry.example.com/v2/"]) {
    assert.equal(await docker(io, "get", `${registry}\n`), EXIT.ok);
    assert.deepEqual(JSON.parse(io.out), {
      ServerURL: registry,
      Username: "alice@example.com",
      Secret: "at",
    });
  }
  for (const registry of ["https://index.docker.io/v1/", "gcr.io", "registry.example.com.evil"]) {
    assert.equal(await docker(io, "get", registry), EXIT.failure);
    assert.equal(io.out, "credentials not found in native keychain\n");
  }
  assert.equal(await docker(io, "get", "named.example", { host: ["named.example"] }), EXIT.ok);
  assert.equal(await docker(io, "get", "http://registry.example.com"), EXIT.failure);
  assert.match(io.out, /over http: .*Use https/);
  assert.equal(await docker(io, "list"), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out), { "registry.example.com": "alice@example.com" });
});

Deno.test("docker list without a login prints an empty list", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  const nobody: DockerOptions[] = [
    {},
    { host: ["registry.example.com"] },
    { server: "https://other.example.com" },
    { account: "nobody@example.com" },
  ];
  for (const logged of [false, true]) {
    if (logged) await logIn(io, server);
    for (const options of nobody.slice(logged ? 2 : 0)) {
      assert.equal(await docker(io, "list", "", options), EXIT.ok, io.err);
      assert.deepEqual(JSON.parse(io.out), {});
    }
  }
});

Deno.test("accepts a URL with a user, even an empty one, as its host", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  const host = ["https://@registry.example.com/"];
  for (const user of ["@", "someone@", "some:thing@", ""]) {
    const registry = `https://${user}registry.example.com/v2/`;
    assert.equal(await docker(io, "get", registry, { host }), EXIT.ok, registry);
    assert.deepEqual(JSON.parse(io.out), {
      ServerURL: registry,
      Username: "alice@example.com",
      Secret: "at",
    });
  }
  const others = [
    "https://registry.example.com@evil.example/",
    "https://evil.example/@registry.example.com",
    "https://evil.example\\@registry.example.com",
    "https://evil.example#@registry.example.com",
    "https://evil.example?@registry.example.com",
    "@",
    "https://@",
  ];
  for (const registry of others) {
    assert.equal(await docker(io, "get", registry, { host }), EXIT.failure, registry);
    assert.equal(io.out, "credentials not found in native keychain\n");
  }
  // What git makes of https://@registry.example.com/.
  assert.equal(
    await git(io, `${asked("registry.example.com").trim()}\nusername=\n\n`, { host }),
    EXIT.ok,
  );
  assert.match(io.out, /^username=alice@example\.com$/m);
});

Deno.test("docker gets the token for the registry of the server, and for named registries", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  const own = new URL(server.issuer).host;
  assert.equal(await docker(io, "get", own), EXIT.ok);
  assert.equal(JSON.parse(io.out).Secret, "at");
  assert.equal(await docker(io, "get", `${own}0`), EXIT.failure);
  // Opaque, and from nowhere that is known.
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  assert.equal(await docker(io, "get", "registry.example.com"), EXIT.failure);
  assert.equal(io.out, "credentials not found in native keychain\n");
  const host = ["registry.example.com"];
  assert.equal(await docker(io, "get", "registry.example.com", { host }), EXIT.ok);
  assert.equal(JSON.parse(io.out).Secret, "opaque");
});

Deno.test("docker gets error messages on standard output", async () => {
  await using home = await clientHome();
  const { io } = home;
  const options = { host: ["registry.example.com"] };
  const code = await docker(io, "get", "registry.example.com", options);
  assert.equal(code, EXIT.authenticationRequired);
  assert.equal(io.out, `Not logged in. Run: ${brand.binaryName} login\n`);
  for (const operation of ["store", "erase"]) {
    assert.equal(await docker(io, operation, "{}"), EXIT.failure);
    assert.match(io.out, new RegExp(`${brand.binaryName} login`));
  }
  assert.equal(await docker(io, "version"), EXIT.ok);
});

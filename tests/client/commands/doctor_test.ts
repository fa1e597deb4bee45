/** What `doctor` finds, and that it prints and changes nothing secret. */
import { strict as assert } from "node:assert";
import { doctor } from "../../../client/commands/doctor.ts";
import {
  type KeychainBackend,
  KeychainUnavailable,
} from "../../../client/credentials/keychain/backend.ts";
import type { DoctorDeps } from "../../../client/doctor/examine.ts";
import { appliedProxy } from "../../../client/doctor/proxy.ts";
import { redactor } from "../../../client/doctor/redact.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type ClientHome, clientHome, jwt, logIn, tokensFor } from "../../support/client_home.ts";
import { assertGolden } from "../../support/golden.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

interface Finding {
  check: string;
  status: string;
  message: string;
  advice: string | null;
}

interface Patient extends AsyncDisposable {
  home: ClientHome;
  io: ClientHome["io"];
  server: ScriptedServer;
  examine(options?: { server?: string }): Promise<{ code: number; findings: Finding[] }>;
  /** The output for users, without what differs between machines. */
  text(): Promise<string>;
}

const noKeychain: KeychainBackend = {
  get: () => Promise.reject(new KeychainUnavailable("it is locked")),
  set: () => Promise.reject(new KeychainUnavailable("it is locked")),
  delete: () => Promise.reject(new KeychainUnavailable("it is locked")),
};

async function patient(deps: Partial<DoctorDeps> = {}): Promise<Patient> {
  const server = new ScriptedServer();
  const home = await clientHome();
  const { io } = home;
  server.script("/.well-known/oauth-authorization-server", () =>
    Response.json(server.metadata(), {
      headers: { date: new Date(io.clock.now()).toUTCString() },
    }));
  server.script("/oauth/userinfo", { json: { sub: "1" } });
  const all = {
    keychain: noKeychain,
    lookUp: () => Promise.resolve(["192.0.2.1"]),
    ...deps,
  };
  const run = async (options: { server?: string; json?: boolean }) => {
    io.out = "";
    io.err = "";
    const code = await runCommand(io, (io) => doctor(options, io, all));
    assert.ok(!/access-of|refresh-of|alice@|eyJ/.test(io.out + io.err), io.out);
    return code;
  };
  return {
    home,
    io,
    server,
    async examine(options = {}) {
      const code = await run({ ...options, json: true });
      return { code, findings: parseOutput("doctor", io.out).findings as Finding[] };
    },
    async text() {
      await run({});
      return (io.out + io.err).replaceAll(server.issuer, "http://127.0.0.1:PORT")
        .replaceAll(home.folder, "FOLDER")
        .replace(/(version: ).*/, "$1VERSION")
        .replace(/(authorities: ).*/, "$1AUTHORITIES");
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function statusOf(findings: Finding[], check: string): string | undefined {
  return findings.find((finding) => finding.check === check)?.status;
}

Deno.test("examines a login that works, and rotates nothing", async () => {
  await using at = await patient();
  await logIn(at.io, at.server);
  const credentials = await snapshot(at.home.folder);
  const { code, findings } = await at.examine();
  assert.equal(code, EXIT.ok);
  assert.deepEqual(findings.filter(({ status }) => status === "problem"), []);
  assert.deepEqual(at.server.askedAt("/oauth/token"), []);
  assert.deepEqual(await snapshot(at.home.folder), credentials);
  await assertGolden("client/doctor/logged_in.txt", await at.text());
});

Deno.test("renews an access token that has expired, as every command does", async () => {
  await using at = await patient();
  await logIn(at.io, at.server);
  at.io.clock.advance({ hours: 1 });
  at.server.script("/oauth/token", tokensFor(at.server, "alice@example.com", "access-of-renewed"));
  assert.equal((await at.examine()).code, EXIT.ok);
  assert.equal(at.server.askedAt("/oauth/token").length, 1);
  at.io.clock.advance({ hours: 1 });
  at.server.script("/oauth/token", { status: 400, json: { error: "invalid_grant" } });
  const { code, findings } = await at.examine();
  assert.equal(code, EXIT.failure);
  assert.equal(statusOf(findings, "login"), "problem");
});

Deno.test("reports each cause with what to do", async () => {
  await using at = await patient({ lookUp: () => Promise.reject(new Error("ENOTFOUND")) });
  await logIn(at.io, at.server);
  const texts: string[] = [];
  const record = async (name: string, check: string, status = "problem") => {
    const { findings } = await at.examine();
    assert.equal(statusOf(findings, check), status, `${name}: ${at.io.out}`);
    const { message, advice } = findings.find((finding) => finding.check === check)!;
    const text = `# ${name}\n${message}\n${advice ?? "(no advice)"}\n`;
    texts.push(
      text.replaceAll(at.server.issuer, "http://127.0.0.1:PORT").replaceAll(
        at.home.folder,
        "FOLDER",
      ),
    );
  };
  await record("locked keychain", "keychain", "warning");
  at.io.clock.advance({ minutes: 1 });
  const later = new Date(at.io.clock.now() + 10 * 60_000).toUTCString();
  const discovery = "/.well-known/oauth-authorization-server";
  const metadata = (change: Record<string, unknown>, headers: Record<string, string> = {}) =>
    at.server.script(discovery, { json: { ...at.server.metadata(), ...change }, headers });
  metadata({}, { date: later });
  await record("a clock that is behind", "clock");
  metadata({ issuer: "https://auth.example.com" });
  await record("another issuer", "discovery");
  at.server.script(discovery, () => new Response("<h1>Welcome</h1>"));
  await record("a captive portal", "connection");
  metadata({});
  at.server.script("/oauth/userinfo", { status: 401, json: { error: "invalid_token" } });
  await record("a rejected token", "login");

  const { env } = at.io;
  env.SSL_CERT_FILE = "/nonexistent.pem";
  await record("certificates that are missing", "authorities");
  delete env.SSL_CERT_FILE;
  env.GITHUB_ACTIONS = "true";
  await record("a job without the permission", "identity");
  delete env.GITHUB_ACTIONS;
  env.GITLAB_CI = "true";
  env[`${brand.envPrefix}_ID_TOKEN`] = jwt({ aud: at.server.issuer, jti: "1" });
  await record("a token that may be used once", "exchange", "ok");
  assert.deepEqual(at.server.askedAt("/oauth/token"), []);
  env[`${brand.envPrefix}_TOKEN`] = jwt({ iss: at.server.issuer, exp: 1 });
  await record("an expired token in the environment", "environment_token");
  await record("an expired token in the environment", "keychain", "ok");
  env[`${brand.envPrefix}_TOKEN`] = "";
  env[`${brand.envPrefix}_SERVER`] = "ftp://auth.example.com";
  await record("an address that is not valid", "server");
  env[`${brand.envPrefix}_SERVER`] = "https://auth.example.com";
  env.HTTPS_PROXY = "http://user:password@proxy.example:3128";
  await record("a proxy that is unknown", "proxy");
  env.HTTPS_PROXY = "http://:0/";
  await record("a proxy that is not an address", "proxy");
  await Deno.chmod(`${at.home.folder}/accounts.json`, 0o644);
  await record("a file that others can read", "folder");
  await assertGolden("client/doctor/causes.txt", texts.join("\n"));
});

Deno.test("exchanges the identity of a job that gets a token for each request", async () => {
  await using at = await patient();
  at.io.env.BUILDKITE = "true";
  at.io.env[`${brand.envPrefix}_SERVER`] = at.server.issuer;
  const token = jwt({ aud: at.server.issuer, jti: "1", sub: "organization:acme" });
  at.io.endings["buildkite-agent"] = { code: 0, stdout: token, stderr: "" };
  at.server.script("/oauth/token", tokensFor(at.server, "ci", "access-of-job"));
  const accepted = await at.examine();
  assert.equal(accepted.code, EXIT.ok);
  assert.equal(statusOf(accepted.findings, "login"), undefined);
  assert.equal(statusOf(accepted.findings, "exchange"), "ok");
  at.server.script("/oauth/token", { status: 400, json: { error: "invalid_request" } });
  const { code, findings } = await at.examine();
  assert.equal(code, EXIT.failure);
  const { status, advice } = findings.find(({ check }) => check === "exchange")!;
  assert.equal(status, "problem");
  assert.match(advice!, /admin trust add buildkite/);
});

Deno.test("names the failing step of an address, and stays within its time", async () => {
  await using at = await patient({ lookUp: () => Promise.reject(new Error("ENOTFOUND")) });
  at.io.fetch = () =>
    Promise.reject(
      new TypeError(
        "error sending request for url (https://auth.example.com/): client error (Connect): " +
          "dns error: failed to lookup address information: Name or service not known",
      ),
    );
  const { code, findings } = await at.examine({ server: "auth.example.com" });
  assert.equal(code, EXIT.failure);
  assert.equal(statusOf(findings, "name"), "problem");
  assert.equal(statusOf(findings, "connection"), "problem");
  assert.equal(statusOf(findings, "discovery"), undefined);
  assert.equal(statusOf(findings, "login"), "warning");

  const hang: typeof globalThis.fetch = (_, init) =>
    new Promise((_, reject) =>
      init?.signal?.addEventListener("abort", () => reject(init.signal!.reason))
    );
  await using hanging = await patient({ lookUp: () => new Promise(() => {}) });
  hanging.io.fetch = hang;
  const startedAt = performance.now();
  const late = await hanging.examine({ server: "auth.example.com" });
  assert.ok(performance.now() - startedAt < 15_000);
  assert.equal(statusOf(late.findings, "connection"), "problem");
});

Deno.test("shows which proxy is used, without its credentials", () => {
  const env = { HTTPS_PROXY: "http://user:p%40ss@proxy.example:3128", no_proxy: "" };
  const at = (address: string, noProxy = "") =>
    appliedProxy(new URL(address), { ...env, no_proxy: noProxy });
  assert.deepEqual(at("https://auth.example.com"), {
    variable: "HTTPS_PROXY",
    address: "http://***@proxy.example:3128",
  });
  assert.equal(at("http://auth.example.com"), undefined);
  assert.equal(at("https://localhost")?.exempt, "loopback");
  for (const noProxy of ["*", "example.com", ".example.com", "x, auth.example.com"]) {
    assert.equal(at("https://auth.example.com", noProxy)?.exempt, "NO_PROXY", noProxy);
  }
  assert.equal(at("https://auth.example.com", "ample.com")?.exempt, undefined);
  assert.equal(at("https://10.1.2.3", "10.0.0.0/8")?.exempt, "NO_PROXY");
  assert.equal(at("https://10.1.2.3", "10.0.0.0/99,11.0.0.0/8")?.exempt, undefined);
});

Deno.test("hides secrets, accounts and the home folder in any text", () => {
  const redact = redactor({
    env: { [`${brand.envPrefix}_TOKEN`]: "opaque-secret" },
    platform: { os: "linux", arch: "x", release: "6", homeFolder: "/home/alice", programPath: "" },
  }, ["alice@example.com", "bob"]);
  assert.equal(
    redact("/home/alice/.config, /home/alicent, /home/alice."),
    "~/.config, /home/alicent, ~.",
  );
  assert.equal(redact("alice@example.com on x, bob, bobby"), "a…@example.com on x, b…, bobby");
  assert.equal(redact("opaque-secret"), "(token)");
  assert.equal(redact("http://u:p@proxy:1"), "http://***@proxy:1");
  assert.equal(redact("http://u:p@ss@proxy:1/x@y"), "http://***@proxy:1/x@y");
  assert.equal(redact(`is ${jwt({ sub: "1" })}`), "is (token)");
  assert.equal(redact(`${brand.tokenPrefixes.personalAccessToken}abcdefghij0`), "(token)");
});

async function snapshot(folder: string): Promise<string[]> {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile)
    .map(({ name }) => name).sort();
  return await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
}

/** `admin import tokens` and `admin token-format`: what they print, and that the tokens work. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { adminImportTokens } from "../../../../server/cli/admin/import/tokens.ts";
import {
  adminTokenFormatAdd,
  adminTokenFormatList,
  adminTokenFormatRemove,
} from "../../../../server/cli/admin/token_format.ts";
import type { DatabaseLocation } from "../../../../server/store/db/connect.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { assertGolden } from "../../../support/golden.ts";
import { manualClock } from "../../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { call, describeScopes, verify } from "../../../support/pats.ts";
import { type TestServer, testServer } from "../../../support/test_server.ts";

const KEY = "an HMAC key of the other system";
const TOKEN = `acme_${"a1B2c3D4".repeat(5)}`;
const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");

/** The commands, on the database of a server or instead of one. */
async function commands(location: DatabaseLocation) {
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy"\nread = "Read"\n', { mode: 0o600 });
  const options = { ...location, config };
  const run = async (
    content: string,
    action: (io: ServerIo) => Promise<number>,
  ): Promise<{ code: number; stdout: string; stderr: string }> => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await action({
      ...NO_TERMINAL,
      stdout: (text) => out.push(text) > 0,
      stderr: (text) => void err.push(text),
      readStdin: () => Promise.resolve(content),
      stdin: () => new Blob([content]).stream(),
      env: {},
      signal: new AbortController().signal,
      clock: manualClock(),
      platform: { os: Deno.build.os, homedir: folder },
    });
    return { code, stdout: out.join(""), stderr: err.join("").replaceAll(folder, "FOLDER") };
  };
  return {
    importTokens: (
      content: unknown[],
      more: { tokenFormat?: string; dryRun?: boolean; json?: boolean } = {},
    ) =>
      run(
        content.map((line) => typeof line === "string" ? line : JSON.stringify(line)).join("\n"),
        (io) => adminImportTokens("-", { ...options, ...more }, io),
      ),
    addFormat: (name: string, more: { pattern: string; hash: string; hashKeyFile?: string }) =>
      run(`${KEY}\n`, (io) => adminTokenFormatAdd(name, { ...options, ...more }, io)),
    listFormats: (more: { json?: boolean } = {}) =>
      run("", (io) => adminTokenFormatList({ ...options, ...more }, io)),
    removeFormat: (name: string, more: { force?: boolean } = {}) =>
      run("", (io) => adminTokenFormatRemove(name, { ...options, ...more }, io)),
  };
}

async function prepare(
  location: DatabaseLocation,
  change: (server: TestServer) => Promise<unknown>,
) {
  await using server = await testServer(location, describeScopes);
  await change(server);
}

testOnEachDatabase("imports tokens once, and reports what it did not import", async (location) => {
  await prepare(location, async (server) => {
    await server.addUser("alice@example.com");
    await server.addUser("bob@example.com");
  });
  const { importTokens, addFormat, listFormats, removeFormat } = await commands(location);
  const added = await addFormat("acme", { pattern: "acme_[A-Za-z0-9]{40}", hash: "sha256" });
  assert.equal(added.code, 0, added.stderr);
  const lines = [
    { owner: "alice@example.com", token_hash: sha256(TOKEN), name: "CI", scopes: ["deploy"] },
    {
      owner: "ALICE@example.com",
      token_hash: createHash("sha256").update("b").digest("base64"),
      scopes: "deploy read",
      expires_at: "2026-12-01T00:00:00Z",
      allowed_addresses: ["192.0.2.0/24"],
      description: "Nightly",
    },
    { owner: "alice@example.com", token_hash: sha256(TOKEN), name: "Again" },
    { owner: "alice@example.com", token_hash: sha256("c"), name: "ci" },
    { owner: "nobody@example.com", token_hash: sha256("d") },
    { owner: "bob@example.com", token_hash: sha256("e"), scopes: ["unknown"] },
    { owner: "bob@example.com", token_hash: sha256("f"), expires_at: "2020-01-01T00:00:00Z" },
    { owner: "bob@example.com", token_hash: sha256("g"), expires_at: "soon" },
    { owner: "bob@example.com", token_hash: "g".repeat(64) },
    { owner: "bob@example.com", token_hash: createHash("sha512").update("h").digest("hex") },
    { owner: "bob@example.com", token: "acme_secret" },
    { token_hash: sha256("i") },
    "not JSON",
  ];
  const dry = await importTokens(lines, { tokenFormat: "acme", dryRun: true });
  const first = await importTokens(lines, { tokenFormat: "acme" });
  const second = await importTokens(lines, { tokenFormat: "acme" });
  assert.deepEqual([dry.code, first.code, second.code], [1, 1, 1], first.stderr);
  await assertGolden(
    "cli/admin-import-tokens.txt",
    [dry, first, second].map(({ stdout }) => stdout).join("--\n"),
  );
  const taken = await importTokens([
    { owner: "bob@example.com", token_hash: sha256(TOKEN) },
    { owner: "alice@example.com", token_hash: sha256("other"), name: "CI" },
  ], { tokenFormat: "acme", json: true });
  assert.deepEqual(
    parseOutput("admin-import-tokens", taken.stdout).problems.map(({ code }: { code: string }) =>
      code
    ),
    ["hash_taken", "name_taken"],
  );
  const unknown = await importTokens(lines, { tokenFormat: "other" });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /admin token-format add/);

  const [format] = parseOutput(
    "admin-token-format-list",
    (await listFormats({ json: true })).stdout,
  );
  assert.deepEqual([format.name, format.hash, format.tokens], ["acme", "sha256", 2]);
  const texts = [
    await listFormats(),
    await removeFormat("acme"),
    await removeFormat("acme", { force: true }),
    await removeFormat("acme"),
    await listFormats(),
  ];
  await assertGolden(
    "cli/admin-token-format.txt",
    texts.map(({ code, stdout, stderr }) =>
      `${stdout}${stderr.replaceAll(/^(Database|Configuration):.*\n/gm, "")}exit code ${code}\n`
    ).join("--\n"),
  );
});

testOnEachDatabase("rejects formats that cannot be used", async (location) => {
  await prepare(location, () => Promise.resolve());
  const { addFormat } = await commands(location);
  const good = { pattern: "acme_[a-z]{40}", hash: "sha256" };
  const cases: [name: string, format: { pattern: string; hash: string; hashKeyFile?: string }][] = [
    ["Acme", good],
    ["acme", { ...good, hash: "md5" }],
    ["acme", { ...good, hash: "hmac-sha256" }],
    ["acme", { ...good, hashKeyFile: "-" }],
    ["acme", { ...good, hash: "hmac-sha256", hashKeyFile: "/nonexistent/key" }],
    ["acme", { ...good, pattern: ".*" }],
    ["acme", { ...good, pattern: "" }],
    ["acme", { ...good, pattern: "(acme_" }],
    ["acme", { ...good, pattern: "acme_(?=x).{20}" }],
    ["acme", { ...good, pattern: "((a{500}){500}){500}" }],
    ["acme", { ...good, pattern: "a".repeat(201) }],
  ];
  for (const [name, format] of cases) {
    const { code, stderr } = await addFormat(name, format);
    assert.notEqual(code, 0, JSON.stringify(format));
    assert.ok(!stderr.includes(KEY), "no key is printed");
  }
  assert.equal((await addFormat("acme", good)).code, 0);
  assert.equal((await addFormat("acme", good)).code, 1);
});

testOnEachDatabase("accepts imported tokens of every hash at every door", async (location) => {
  const { importTokens, addFormat, removeFormat } = await commands(location);
  const formats = [
    { name: "plain", hash: "sha256", digest: sha256 },
    {
      name: "long",
      hash: "sha512",
      digest: (token: string) => createHash("sha512").update(token).digest("hex"),
    },
    {
      name: "keyed",
      hash: "hmac-sha256",
      digest: (token: string) => createHmac("sha256", KEY).update(token).digest("hex"),
    },
    {
      name: "keyed-long",
      hash: "hmac-sha512",
      digest: (token: string) => createHmac("sha512", KEY).update(token).digest("hex"),
    },
  ].map((format) => ({ ...format, token: `${format.name}_${"x".repeat(30)}` }));
  await prepare(location, async (server) => await server.addUser("alice@example.com"));
  for (const { name, hash, digest, token } of formats) {
    const hashKeyFile = hash.startsWith("hmac") ? "-" : undefined;
    const added = await addFormat(name, { pattern: `${name}_x+`, hash, hashKeyFile });
    assert.equal(added.code, 0, added.stderr);
    const { code, stdout } = await importTokens([
      { owner: "alice@example.com", token_hash: digest(token), name, scopes: ["deploy"] },
    ], { tokenFormat: name });
    assert.equal(code, 0, stdout);
  }
  await using server = await testServer(location, describeScopes);
  const { authorization } = await server.addClient();
  for (const { token } of formats) {
    assert.equal((await verify(server, token, "?scope=deploy")).status, 200, token);
    assert.equal((await verify(server, token, "?scope=read")).status, 403);
    assert.equal((await verify(server, `${token}y`)).status, 401);
    const { body } = await server.post("/oauth/introspect", { token }, { authorization });
    assert.deepEqual([body.active, body.scope], [true, "deploy"]);
    // By the policy's maximum, 365 days.
    assert.equal(body.exp - body.iat, 365 * 86_400);
    const exchanged = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: token,
      subject_token_type: ACCESS_TOKEN_TYPE,
    });
    assert.equal(exchanged.status, 200, JSON.stringify(exchanged.body));
  }
  const [plain, long, keyed, keyedLong] = formats.map(({ token }) => token);
  await server.post("/oauth/revoke", { token: plain }, { authorization });
  assert.equal((await verify(server, plain)).status, 401);
  const leak = await call(server, undefined, "POST", "/api/v1/leaks", [{ token: keyed }]);
  assert.equal(leak.status < 500, true);

  // What a command does reaches a running server.
  if (location.databaseUrl === undefined) return;
  const late = `late_${"x".repeat(30)}`;
  assert.equal((await verify(server, late)).status, 401);
  await addFormat("late", { pattern: "late_x+", hash: "sha256" });
  await importTokens([{ owner: "alice@example.com", token_hash: sha256(late) }], {
    tokenFormat: "late",
  });
  await eventually(
    "the new format is known",
    async () => (await verify(server, late)).status === 200,
  );
  await removeFormat("long", { force: true });
  await eventually(
    "the removed one is not",
    async () => (await verify(server, long)).status === 401,
  );
  assert.equal((await verify(server, keyedLong)).status, 200);
});

testOnEachDatabase("imports tokens of our own format without naming one", async (location) => {
  await prepare(location, async (server) => await server.addUser("alice@example.com"));
  const { importTokens } = await commands(location);
  const token = `bst_${"A".repeat(43)}`;
  const { code, stdout } = await importTokens([
    { owner: "alice@example.com", token_hash: sha256(token), scopes: "deploy" },
  ]);
  assert.equal(code, 0, stdout);
  await using server = await testServer(location, describeScopes);
  assert.equal((await verify(server, token, "?scope=deploy")).status, 200);
});

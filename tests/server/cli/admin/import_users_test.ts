/** `admin import users`: what it prints and imports, on each database. */
import assert from "node:assert/strict";
import { adminImportUsers } from "../../../../server/cli/admin/import/users.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { findUserByReference, listUsers, updateUserRow } from "../../../../server/store/users.ts";
import { testOnEachDatabase } from "../../../support/databases.ts";
import { assertGolden } from "../../../support/golden.ts";
import { manualClock } from "../../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { testServer } from "../../../support/test_server.ts";

/** Of "correct horse". */
const BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2";
const OLD_ID = "auth0|5f7c8ec7c33c6c004bbafe82";

const FILE = [
  {
    id: OLD_ID,
    email: "alice@example.com",
    name: "Alice",
    password_hash: BCRYPT,
    email_verified: true,
    groups: ["staff", "Deployers"],
  },
  { id: "5F7C8EC7-C33C-4C00-8BBA-FE8200000001", email: "bob@example.com", disabled: true },
  { email: "carol@example.com", groups: ["deployers"] },
  { email: "ALICE@example.com" },
  { id: OLD_ID, email: "second@example.com" },
  "not JSON",
  { email: "dave@example.com", passwordhash: BCRYPT },
  { email: "dave@example.com", password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" },
  { email: "dave@example.com", password_hash: BCRYPT.replace("$05$", "$31$") },
  { email: "dave@example.com", groups: ["admin"] },
  { email: "dave" },
  { name: "Dave" },
  { id: "dave dave", email: "dave@example.com" },
].map((line) => typeof line === "string" ? line : JSON.stringify(line)).join("\n");

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

function runner(location: { dataDir?: string; databaseUrl?: string }, folder: string) {
  return async (
    content: string | (() => AsyncIterable<Uint8Array>),
    options: { dryRun?: boolean; json?: boolean; format?: string } = {},
    signal = new AbortController().signal,
  ): Promise<Run> => {
    const [out, err]: [string[], string[]] = [[], []];
    const io: ServerIo = {
      ...NO_TERMINAL,
      stdout: (text) => out.push(text) > 0,
      stderr: (text) => void err.push(text),
      readStdin: () => Promise.resolve(""),
      stdin: () => typeof content === "string" ? new Blob([content]).stream() : content(),
      env: {},
      signal,
      clock: manualClock(),
      platform: { os: Deno.build.os, homedir: folder },
    };
    const code = await adminImportUsers("-", { ...options, ...location }, io);
    return { code, stdout: out.join(""), stderr: err.join("") };
  };
}

testOnEachDatabase("imports users once, and reports what it did not import", async (location) => {
  const folder = await Deno.makeTempDir();
  const run = runner(location, folder);
  {
    await using _ = await testServer(location);
  }
  const dry = await run(FILE, { dryRun: true });
  const first = await run(FILE);
  const second = await run(FILE);
  assert.deepEqual([dry.code, first.code, second.code], [1, 1, 1]);
  const texts = [dry, first, second].map(({ stdout }) => stdout).join("--\n");
  await assertGolden("cli/admin-import-users.txt", texts);
  const lines = FILE.split("\n");
  const clean = await run(`${lines[0]}\n${lines[2]}\n`);
  assert.deepEqual([clean.code, clean.stdout], [
    0,
    "Imported 0 users, 2 unchanged, 0 rejected. Nothing changed.\n",
  ]);
  const json = parseOutput("admin-import-users", (await run(FILE, { json: true })).stdout);
  assert.deepEqual([json.imported, json.unchanged, json.rejected], [0, 3, 10]);
  assert.deepEqual(json.problems[0].code, "duplicate");

  await using server = await testServer(location);
  const { sql } = server.parts;
  const users = await listUsers(sql);
  assert.deepEqual(users.map(({ email }) => email).sort(), [
    "alice@example.com",
    "bob@example.com",
    "carol@example.com",
  ]);
  const alice = (await findUserByReference(sql, OLD_ID))!;
  assert.deepEqual([alice.email, alice.emailVerified, alice.groups], [
    "alice@example.com",
    true,
    ["Deployers", "staff"],
  ]);
  const bob = (await findUserByReference(sql, "bob@example.com"))!;
  assert.deepEqual([bob.id, bob.subject, bob.disabledAt !== undefined], [
    "5f7c8ec7-c33c-4c00-8bba-fe8200000001",
    "5F7C8EC7-C33C-4C00-8BBA-FE8200000001",
    true,
  ]);
  // The group has the name that it had first.
  const carol = (await findUserByReference(sql, "carol@example.com"))!;
  assert.deepEqual([carol.groups, carol.subject, carol.passwordHash], [
    ["Deployers"],
    carol.id,
    undefined,
  ]);
  const events = await sql<{ subject: string; details: Record<string, unknown> }[]>`
    select subject, details from audit_log where event = 'user.imported'`;
  assert.equal(events.length, 3);
  assert.ok(!JSON.stringify(events).includes("$2b$"), "no hash is in the log");
});

testOnEachDatabase(
  "replaces the hash of an imported user at the first sign-in",
  async (location) => {
    const folder = await Deno.makeTempDir();
    await runner(location, folder)(FILE);
    await using server = await testServer(location);
    const { sql } = server.parts;
    const hash = async () => (await findUserByReference(sql, OLD_ID))!.passwordHash!;
    const signIn = async (email: string, password: string) => {
      const browser = visitor(server);
      await browser.get("/signin");
      return (await browser.submit("/signin", { email, password })).location;
    };
    assert.equal(await signIn("alice@example.com", "wrong horse"), null);
    assert.equal(await hash(), BCRYPT);
    // Its address has no account, but the hash of another one is checked in its place.
    assert.equal(await signIn("nobody@example.com", "correct horse"), null);
    assert.equal(await hash(), BCRYPT);
    // At once: both are right.
    const both = await Promise.all([1, 2].map(() => signIn("alice@example.com", "correct horse")));
    assert.deepEqual(both, ["/", "/"]);
    assert.match(await hash(), /^\$scrypt\$ln=1,r=1,p=1\$/);
    assert.equal(await signIn("alice@example.com", "correct horse"), "/");
    assert.equal(await signIn("alice@example.com", "wrong horse"), null);
    // Importing again changes nothing, the new hash included.
    const again = await hash();
    await runner(location, folder)(FILE);
    assert.equal(await hash(), again);
  },
);

testOnEachDatabase(
  "reports users whose id or address belongs to another account",
  async (location) => {
    const folder = await Deno.makeTempDir();
    const run = runner(location, folder);
    let taken = "";
    {
      await using server = await testServer(location);
      const { sql } = server.parts;
      await server.addUser("taken@example.com");
      taken = (await server.addUser("other@example.com")).id;
      await sql`
      insert into service_accounts (id, name, scope, created_at)
      values ('5f7c8ec7-c33c-4c00-8bba-fe8200000002', 'ci', '', now())`;
      await sql.begin((tx) => updateUserRow(tx, taken, { name: "Other" }));
    }
    const content = [
      { id: "legacy-1", email: "taken@example.com" },
      { id: "5f7c8ec7-c33c-4c00-8bba-fe8200000002", email: "ci@example.com" },
      { id: taken, email: "new@example.com" },
      { id: taken.toUpperCase(), email: "upper@example.com" },
      { email: "TAKEN@example.com" },
    ].map((user) => JSON.stringify(user)).join("\n");
    const { code, stdout } = await run(content, { json: true });
    assert.equal(code, 1);
    const { imported, unchanged, problems } = parseOutput("admin-import-users", stdout);
    assert.deepEqual([imported, unchanged], [0, 1]);
    assert.deepEqual(
      problems.map(({ line, code }: { line: number; code: string }) => `${line} ${code}`),
      ["5 duplicate", "1 email_taken", "2 id_taken", "4 id_taken"],
    );
  },
);

testOnEachDatabase("continues after an interruption", async (location) => {
  const folder = await Deno.makeTempDir();
  const run = runner(location, folder);
  const lines = Array.from(
    { length: 1000 },
    (_, index) => JSON.stringify({ id: `legacy|${index}`, email: `user${index}@example.com` }),
  );
  const stop = new AbortController();
  const interrupted = await run(
    async function* () {
      yield new TextEncoder().encode(`${lines.slice(0, 600).join("\n")}\n`);
      stop.abort();
      yield new TextEncoder().encode(lines.slice(600).join("\n"));
    },
    { json: true },
    stop.signal,
  );
  assert.equal(interrupted.code, 130);
  const before = JSON.parse(interrupted.stdout).imported;
  assert.ok(before > 0 && before < 600, `${before}`);
  const { code, stdout } = await run(lines.join("\n"), { json: true });
  const { imported, unchanged } = JSON.parse(stdout);
  assert.deepEqual([code, imported, unchanged], [0, 1000 - before, before]);
});

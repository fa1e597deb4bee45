/** `admin user`: what it prints, asks and changes. */
import assert from "node:assert/strict";
import { adminUserAdd } from "../../../../server/cli/admin/user/add.ts";
import { adminUserAddressLink } from "../../../../server/cli/admin/user/address_link.ts";
import { adminUserDelete } from "../../../../server/cli/admin/user/delete.ts";
import { adminUserDisable, adminUserEnable } from "../../../../server/cli/admin/user/disable.ts";
import { adminUserOffboard } from "../../../../server/cli/admin/user/offboard.ts";
import { adminUserList } from "../../../../server/cli/admin/user/list.ts";
import { adminUserLogins, adminUserRevokeLogin } from "../../../../server/cli/admin/user/logins.ts";
import { adminUserResetFactors } from "../../../../server/cli/admin/user/reset_factors.ts";
import { adminUserResetPassword } from "../../../../server/cli/admin/user/reset_password.ts";
import { adminUserSessions, adminUserSignOut } from "../../../../server/cli/admin/user/sessions.ts";
import { adminUserShow } from "../../../../server/cli/admin/user/show.ts";
import { adminUserRevokeToken, adminUserTokens } from "../../../../server/cli/admin/user/tokens.ts";
import { adminUserUpdate } from "../../../../server/cli/admin/user/update.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { openDatabase } from "../../../../server/store/db/connect.ts";
import { listUsers } from "../../../../server/store/users.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { PromptInterrupted } from "../../../../shared/secret_prompt.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { assertGolden } from "../../../support/golden.ts";
import { manualClock } from "../../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { seedBelongings } from "../../../support/seed_belongings.ts";
import { parseOutput } from "../../../support/output_schema.ts";

const ALICE = "alice@example.com";
const BOB = "bob@example.com";
const PASSWORD = "correct horse battery staple";
const INTERRUPT = Symbol("Ctrl-C");

/** What the user types: standard input without a terminal, or the answers at one. */
interface Typed {
  stdin?: string;
  secrets?: (string | typeof INTERRUPT)[];
  line?: string;
  closedStdout?: true;
}

Deno.test("admin user: adds, invites, shows, changes and deletes users", async (t) => {
  await using database = await databaseKinds.at(-1)!.create();
  const folder = await Deno.makeTempDir();
  const clock = manualClock();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, 'issuer = "https://auth.example.com"\n', { mode: 0o600 });
  const options = { ...database.location, config };
  const run = async (action: (io: ServerIo) => Promise<number>, typed: Typed = {}) => {
    let output = "";
    // Users are listed by age.
    clock.advance({ seconds: 0.001 });
    const write = (text: string) => Boolean(output += text);
    const { stdin = "", secrets, line, closedStdout } = typed;
    const answers = [...secrets ?? []];
    const io: ServerIo = {
      ...NO_TERMINAL,
      stdout: closedStdout ? () => false : write,
      stderr: write,
      readStdin: () => Promise.resolve(stdin),
      promptLine(question) {
        if (line !== undefined) output += `${question}${line}\n`;
        return Promise.resolve(line);
      },
      async promptSecrets(dialog) {
        if (secrets === undefined) return undefined;
        return await dialog((question) => {
          output += `${question}\n`;
          const answer = answers.shift() ?? "";
          if (typeof answer === "symbol") throw new PromptInterrupted();
          return Promise.resolve(answer);
        });
      },
      env: {},
      signal: new AbortController().signal,
      clock,
      platform: { os: Deno.build.os, homedir: folder },
    };
    const code = await action(io);
    assert.ok(!output.includes(PASSWORD), "no password is printed");
    return { code, output };
  };
  const golden = (
    name: string,
    ...commands: [string, (io: ServerIo) => Promise<number>, Typed?][]
  ) =>
    t.step(name, async () => {
      let text = "";
      for (const [command, action, typed] of commands) {
        const { code, output } = await run(action, typed);
        text += `$ ${brand.binaryName} ${command}\n${withoutRandom(output)}exit code ${code}\n\n`;
      }
      await assertGolden(`cli/${name}.txt`, text);
    });
  const add = (email: string, more = {}) => (io: ServerIo) =>
    adminUserAdd(email, { ...options, ...more }, io);
  const update = (email: string, more = {}) => (io: ServerIo) =>
    adminUserUpdate(email, { ...options, ...more }, io);
  const reset = (email: string, more = {}) => (io: ServerIo) =>
    adminUserResetPassword(email, { ...options, ...more }, io);

  await golden(
    "admin-user-add",
    ["admin user add alice", add("alice")],
    [`admin user add ${ALICE} </dev/null`, add(ALICE)],
    [`admin user add ${ALICE} --password-stdin`, add(ALICE, { passwordStdin: true }), {
      stdin: "short",
    }],
    [`admin user add ${ALICE}`, add(ALICE), { secrets: ["short", PASSWORD, "x", INTERRUPT] }],
    [`admin user add ${ALICE}`, add(ALICE), { secrets: ["short", "short", "short"] }],
    [`admin user add ${ALICE} --admin`, add(ALICE, { admin: true }), {
      secrets: [PASSWORD, PASSWORD],
    }],
    [`admin user add ${ALICE} --password-stdin`, add(ALICE, { passwordStdin: true }), {
      stdin: `${PASSWORD}\n`,
    }],
    [
      `admin user add ${BOB} --invite --password-stdin`,
      add(BOB, {
        invite: true,
        passwordStdin: true,
      }),
    ],
    [`admin user add ${BOB} --expires 2d`, add(BOB, { expires: "2d" })],
    [`admin user add ${BOB} --invite --expires 60d`, add(BOB, { invite: true, expires: "60d" })],
    [`admin user add ${BOB} --invite --mail`, add(BOB, { invite: true, mail: true })],
    [`admin user add ${BOB} --invite`, add(BOB, { invite: true, name: "Bob" })],
    ["admin user add carol@example.com --invite >&-", add("carol@example.com", { invite: true }), {
      closedStdout: true,
    }],
  );
  await golden(
    "admin-user-show",
    [`admin user show ${BOB}`, (io) => adminUserShow(BOB, options, io)],
    ["admin user show ALICE@example.com", (io) => adminUserShow("ALICE@example.com", options, io)],
    ["admin user show mallory", (io) => adminUserShow("mallory", options, io)],
    ["admin user list", (io) => adminUserList(options, io)],
    ["admin user list --admin", (io) => adminUserList({ ...options, admin: true }, io)],
    ["admin user list --disabled", (io) => adminUserList({ ...options, disabled: true }, io)],
    ["admin user list --search BO", (io) => adminUserList({ ...options, search: "BO" }, io)],
    [
      "admin user list --state invited",
      (io) => adminUserList({ ...options, state: "invited" }, io),
    ],
    ["admin user list --state odd", (io) => adminUserList({ ...options, state: "odd" }, io)],
    [
      "admin user list --sort email --reverse",
      (io) => adminUserList({ ...options, sort: "email", reverse: true }, io),
    ],
    ["admin user list --sort age", (io) => adminUserList({ ...options, sort: "age" }, io)],
    ["admin user list --limit 1", (io) => adminUserList({ ...options, limit: "1" }, io)],
    ["admin user list --limit 0", (io) => adminUserList({ ...options, limit: "0" }, io)],
  );
  await golden(
    "admin-user-password",
    [`admin user reset-password ${BOB} </dev/null`, reset(BOB)],
    [`admin user reset-password ${BOB} --link`, reset(BOB, { link: true, expires: "12h" })],
    [`admin user reset-password ${BOB}`, reset(BOB), { secrets: [PASSWORD, PASSWORD] }],
    ["admin user reset-password mallory --link", reset("mallory", { link: true })],
    [`admin user update ${BOB} --password-stdin`, update(BOB, { passwordStdin: true }), {
      stdin: PASSWORD,
    }],
  );
  {
    const { sql, close } = await openDatabase(database.location, { mustExist: true });
    await sql`
      insert into totp_authenticators (user_id, secret, created_at, last_step)
      select id, '', now(), 0 from users where email = ${BOB}`;
    await sql`
      insert into recovery_codes (user_id, code_hash, created_at)
      select id, '', now() from users where email = ${BOB}`;
    await close();
  }
  const resetFactors = (email: string) => (io: ServerIo) =>
    adminUserResetFactors(email, options, io);
  await golden(
    "admin-user-reset-factors",
    [`admin user reset-factors ${BOB}`, resetFactors(BOB)],
    [`admin user reset-factors ${BOB}`, resetFactors(BOB)],
    ["admin user reset-factors mallory", resetFactors("mallory")],
  );
  await golden(
    "admin-user",
    [`admin user update ${ALICE}`, update(ALICE)],
    [`admin user update ${ALICE} --name Alice`, update(ALICE, { name: "Alice" })],
    [`admin user update ${ALICE} --email bob`, update(ALICE, { email: "bob" })],
    [
      `admin user update ${ALICE} --email BOB@example.com`,
      update(ALICE, {
        email: "BOB@example.com",
      }),
    ],
    [
      `admin user update ${BOB} --email robert@example.com`,
      update(BOB, {
        email: "robert@example.com",
      }),
    ],
    [
      "admin user update robert@example.com --email-verified",
      update("robert@example.com", {
        emailVerified: true,
      }),
    ],
    [
      `admin user update robert@example.com --email ${BOB}`,
      update("robert@example.com", {
        email: BOB,
      }),
    ],
    [
      `admin user address-link ${BOB} bob@example.org`,
      (io) => adminUserAddressLink(BOB, "bob@example.org", options, io),
    ],
    [
      `admin user address-link ${BOB} ${ALICE}`,
      (io) => adminUserAddressLink(BOB, ALICE, options, io),
    ],
    [
      `admin user address-link ${BOB} bob --expires 60d`,
      (io) => adminUserAddressLink(BOB, "bob", { ...options, expires: "60d" }, io),
    ],
    [
      `admin user address-link ${BOB} bob@example.org --mail`,
      (io) => adminUserAddressLink(BOB, "bob@example.org", { ...options, mail: true }, io),
    ],
    [`admin user update ${ALICE} --no-admin`, update(ALICE, { admin: false })],
    [`admin user disable ${ALICE}`, (io) => adminUserDisable(ALICE, options, io)],
    [`admin user disable ${BOB}`, (io) => adminUserDisable(BOB, options, io)],
    [`admin user reset-password ${BOB} --link`, reset(BOB, { link: true })],
    [`admin user enable ${BOB}`, (io) => adminUserEnable(BOB, options, io)],
    ["admin user enable mallory", (io) => adminUserEnable("mallory", options, io)],
  );
  const opened = await openDatabase(options);
  const users = await listUsers(opened.sql, { search: BOB });
  const now = new Date(clock.now());
  const id = (last: number) => `00000000-0000-4000-8000-0000000000${10 + last}`;
  for (const first of [0, 3]) {
    await seedBelongings(opened.sql, {
      userId: users[0].id,
      now,
      session: id(first),
      login: id(first + 1),
      token: id(first + 2),
    });
  }
  await opened.close();
  const sessions = (more = {}) => (io: ServerIo) =>
    adminUserSessions(BOB, { ...options, ...more }, io);
  const logins = (more = {}) => (io: ServerIo) => adminUserLogins(BOB, { ...options, ...more }, io);
  const tokens = (more = {}) => (io: ServerIo) => adminUserTokens(BOB, { ...options, ...more }, io);
  const signOut = (session?: string) => (io: ServerIo) =>
    adminUserSignOut(BOB, session, options, io);
  const revokeLogin = (login?: string, more = {}) => (io: ServerIo) =>
    adminUserRevokeLogin(BOB, login, { ...options, ...more }, io);
  const revokeToken = (token?: string, more = {}) => (io: ServerIo) =>
    adminUserRevokeToken(BOB, token, { ...options, ...more }, io);
  await t.step("lists what a user has as the schemas say", async () => {
    for (
      const [name, list] of [
        ["admin-user-sessions", sessions],
        ["admin-user-logins", logins],
        ["admin-user-tokens", tokens],
      ] as const
    ) {
      const { output } = await run((io) => list({ json: true })({ ...io, stderr: () => {} }));
      assert.equal(parseOutput(name, output).length, 2, name);
    }
  });
  await golden(
    "admin-user-belongings",
    [`admin user sessions ${BOB}`, sessions()],
    [`admin user sign-out ${BOB} ID`, signOut(id(0))],
    [`admin user sign-out ${BOB} ID # again`, signOut(id(0))],
    [`admin user sign-out ${BOB}`, signOut()],
    [`admin user sessions ${BOB}`, sessions()],
    [`admin user logins ${BOB}`, logins()],
    [`admin user revoke-login ${BOB}`, revokeLogin()],
    [`admin user revoke-login ${BOB} x`, revokeLogin("x")],
    [
      `admin user revoke-login ${BOB} --all --with-tokens`,
      revokeLogin(undefined, {
        all: true,
        withTokens: true,
      }),
    ],
    [`admin user revoke-login ${BOB} ID --with-tokens`, revokeLogin(id(1), { withTokens: true })],
    [`admin user revoke-login ${BOB} ID # again`, revokeLogin(id(1))],
    [`admin user revoke-login ${BOB} --all`, revokeLogin(undefined, { all: true })],
    [`admin user logins ${BOB}`, logins()],
    [`admin user tokens ${BOB}`, tokens()],
    [`admin user revoke-token ${BOB}`, revokeToken()],
    [`admin user revoke-token ${BOB} ID # of the login that was revoked`, revokeToken(id(2))],
    [`admin user revoke-token ${BOB} ID`, revokeToken(id(5))],
    [`admin user revoke-token ${BOB} --all`, revokeToken(undefined, { all: true })],
    [`admin user tokens ${BOB}`, tokens()],
  );
  const mailConfig = `${folder}/mail.toml`;
  await Deno.writeTextFile(
    mailConfig,
    'smtp_url = "smtp://127.0.0.1:1"\nmail_from = "Example <auth@example.com>"\n',
    { mode: 0o600 },
  );
  await golden(
    "admin-user-mail",
    [
      "admin user add dora@example.com --mail # without an answer",
      add("dora@example.com", {
        mail: true,
        config: mailConfig,
      }),
    ],
    [
      "admin user update dora@example.com --email dorothy@example.com # without an answer",
      update("dora@example.com", { email: "dorothy@example.com", config: mailConfig }),
    ],
  );
  const leave = (email: string, more = {}) => (io: ServerIo) =>
    adminUserOffboard(email, { ...options, ...more }, io);
  await golden(
    "admin-user-offboard",
    [`admin user offboard ${BOB} --dry-run`, leave(BOB, { dryRun: true })],
    [`admin user offboard ${BOB} --transfer-to ${BOB}`, leave(BOB, { transferTo: BOB })],
    [`admin user offboard ${BOB} --transfer-to mallory`, leave(BOB, { transferTo: "mallory" })],
    [`admin user offboard ${ALICE}`, leave(ALICE)],
    [`admin user offboard ${BOB}`, leave(BOB)],
    ["admin user offboard mallory", leave("mallory")],
  );
  await t.step("prints the report of leaving as its schema says", async () => {
    const report = leave(BOB, { dryRun: true, json: true });
    const { output } = await run((io) => report({ ...io, stderr: () => {} }));
    assert.equal(parseOutput("admin-user-offboard", output).dryRun, true);
  });
  const remove = (email: string, more = {}) => (io: ServerIo) =>
    adminUserDelete(email, { ...options, ...more }, io);
  await t.step("prints what the schemas say", async () => {
    const json = (await run((io) =>
      adminUserShow(BOB, { ...options, json: true }, {
        ...io,
        stderr: () => {},
      })
    )).output;
    const details = parseOutput("admin-user-show", json);
    assert.deepEqual([details.email, details.emailVerified], [BOB, false], "a new address");
  });
  await golden(
    "admin-user-delete",
    [`admin user delete ${BOB} </dev/null`, remove(BOB)],
    [`admin user delete ${BOB}`, remove(BOB), { line: "y" }],
    [`admin user delete ${BOB}`, remove(BOB), { line: "BOB@example.com" }],
    [`admin user delete ${BOB} --yes`, remove(BOB, { yes: true })],
    [`admin user delete ${ALICE} --yes`, remove(ALICE, { yes: true })],
    [`admin user delete ${ALICE} --yes --force`, remove(ALICE, { yes: true, force: true })],
    ["admin user list", (io) => adminUserList({ ...options, search: ALICE }, io)],
  );
  await t.step("rejects a wrong option with the exit code of usage", async () => {
    assert.equal(
      (await run(add("x@example.com", { invite: true, expires: "never" }))).code,
      EXIT.usage,
    );
  });
  await Deno.remove(folder, { recursive: true });
});

function withoutRandom(text: string): string {
  return text
    .replaceAll(/^Database: .*/gm, "Database: …")
    .replaceAll(/token=[\w-]{43}/g, "token=TOKEN")
    // The clock advances by a millisecond with each command.
    .replaceAll(/\.\d{3}Z/g, ".000Z")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID");
}

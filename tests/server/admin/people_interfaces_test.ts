/**
 * Users are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import type { ServerIo } from "../../../server/io.ts";
import { adminUserAddressLink } from "../../../server/cli/admin/user/address_link.ts";
import { adminUserAdd } from "../../../server/cli/admin/user/add.ts";
import { adminUserDelete } from "../../../server/cli/admin/user/delete.ts";
import { adminUserDisable, adminUserEnable } from "../../../server/cli/admin/user/disable.ts";
import { adminUserRevokeLogin } from "../../../server/cli/admin/user/logins.ts";
import { adminUserResetFactors } from "../../../server/cli/admin/user/reset_factors.ts";
import { adminUserOffboard } from "../../../server/cli/admin/user/offboard.ts";
import { adminUserResetPassword } from "../../../server/cli/admin/user/reset_password.ts";
import { adminUserSignOut } from "../../../server/cli/admin/user/sessions.ts";
import { adminUserRevokeToken } from "../../../server/cli/admin/user/tokens.ts";
import { adminUserUpdate } from "../../../server/cli/admin/user/update.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import {
  type Action,
  type CommandOptions,
  compareInterfaces,
} from "../../support/compare_interfaces.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { seedBelongings } from "../../support/seed_belongings.ts";

const USERS = "/api/v1/users";
const PEOPLE = "/admin/people";

/** Ids of the seeded rows, by their last two digits. */
const id = (last: number) => `00000000-0000-4000-8000-0000000000${last}`;
const BOB = id(10);
const CAROL = id(11);
const NOBODY = id(99);
/** Of Bob: three browsers, logins and tokens. */
const SESSIONS = [id(20), id(23), id(26)];
const LOGINS = [id(21), id(24), id(27)];
const TOKENS = [id(22), id(25), id(28)];

async function seed(sql: Sql, now: Date): Promise<void> {
  for (const [user, email] of [[BOB, "bob@example.com"], [CAROL, "carol@example.com"]]) {
    await sql`
      insert into users (id, email, name, password_hash, created_at)
      values (${user}, ${email}, ${email.split("@")[0]}, 'x', ${now})`;
  }
  for (const code of ["one", "two"]) {
    await sql`
      insert into recovery_codes (user_id, code_hash, created_at)
      values (${BOB}, ${tokenHash(code)}, ${now})`;
  }
  // So that no action is about the last administrator.
  await sql`
    insert into users (id, email, name, password_hash, is_admin, created_at)
    values (${id(12)}, 'root@example.com', 'Root', 'x', true, ${now})`;
  for (const [index, session] of SESSIONS.entries()) {
    await seedBelongings(sql, {
      userId: BOB,
      now,
      session,
      login: LOGINS[index],
      token: TOKENS[index],
    });
  }
}

type Run = (io: ServerIo, options: CommandOptions) => Promise<number>;
const update = (user: string, more: Record<string, unknown>): Run => (io, options) =>
  adminUserUpdate(user, { ...options, ...more }, io);
const bob = { email: "bob@example.com", name: "bob" };

const ACTIONS: Action[] = [
  {
    name: "invites a user",
    secret: true,
    cli: (io, options) =>
      adminUserAdd("dora@example.com", { ...options, invite: true, name: "Dora" }, io),
    rest: ["POST", USERS, { email: "dora@example.com", name: "Dora" }],
    page: [`${PEOPLE}/invite`, { email: "dora@example.com", name: "Dora" }],
  },
  {
    name: "invites an administrator with a verified address, for a day",
    secret: true,
    cli: (io, options) =>
      adminUserAdd("erin@example.com", {
        ...options,
        invite: true,
        admin: true,
        emailVerified: true,
        expires: "1d",
      }, io),
    rest: ["POST", USERS, {
      email: "erin@example.com",
      admin: true,
      email_verified: true,
      expires_in: 86_400,
    }],
    page: [`${PEOPLE}/invite`, {
      email: "erin@example.com",
      name: "",
      admin: "on",
      email_verified: "on",
      expires_in: "86400",
    }],
  },
  {
    name: "rejects an address that is taken",
    refused: true,
    cli: (io, options) => adminUserAdd("BOB@example.com", { ...options, invite: true }, io),
    rest: ["POST", USERS, { email: "BOB@example.com" }],
    page: [`${PEOPLE}/invite`, { email: "BOB@example.com" }],
  },
  {
    name: "rejects an invalid address",
    refused: true,
    cli: (io, options) => adminUserAdd("bob", { ...options, invite: true }, io),
    rest: ["POST", USERS, { email: "bob" }],
    page: [`${PEOPLE}/invite`, { email: "bob" }],
  },
  {
    name: "rejects a name without visible characters",
    refused: true,
    cli: update(BOB, { name: "\u200b" }),
    rest: ["PATCH", `${USERS}/${BOB}`, { name: "\u200b" }],
    page: [`${PEOPLE}/edit?user=${BOB}`, { ...bob, name: "\u200b" }],
  },
  {
    name: "rejects to mail a link without a mail server",
    refused: true,
    cli: (io, options) => adminUserAdd("frank@example.com", { ...options, mail: true }, io),
    rest: ["POST", USERS, { email: "frank@example.com", mail: true }],
    page: [`${PEOPLE}/invite`, { email: "frank@example.com", delivery: "mail" }],
  },
  {
    name: "changes the name",
    cli: update(BOB, { name: "Bob" }),
    rest: ["PATCH", `${USERS}/${BOB}`, { name: "Bob" }],
    page: [`${PEOPLE}/edit?user=${BOB}`, { ...bob, name: "Bob" }],
  },
  {
    name: "changes the address, the role and what is known of the address",
    cli: update(BOB, { email: "robert@example.com", admin: true, emailVerified: true }),
    rest: ["PATCH", `${USERS}/${BOB}`, {
      email: "robert@example.com",
      admin: true,
      email_verified: true,
    }],
    page: [`${PEOPLE}/edit?user=${BOB}`, {
      name: "Bob",
      email: "robert@example.com",
      admin: "on",
      email_verified: "on",
    }],
  },
  {
    name: "changes nothing",
    cli: update(BOB, { name: "Bob", admin: true }),
    rest: ["PATCH", `${USERS}/${BOB}`, { name: "Bob", admin: true }],
    page: [`${PEOPLE}/edit?user=${BOB}`, {
      name: "Bob",
      email: "robert@example.com",
      admin: "on",
      email_verified: "on",
    }],
  },
  {
    name: "removes the role",
    cli: update(BOB, { admin: false }),
    rest: ["PATCH", `${USERS}/${BOB}`, { admin: false }],
    page: [`${PEOPLE}/edit?user=${BOB}`, {
      name: "Bob",
      email: "robert@example.com",
      email_verified: "on",
    }],
  },
  {
    name: "rejects another user's address",
    refused: true,
    cli: update(BOB, { email: "carol@example.com" }),
    rest: ["PATCH", `${USERS}/${BOB}`, { email: "carol@example.com" }],
    page: [`${PEOPLE}/edit?user=${BOB}`, { name: "Bob", email: "carol@example.com" }],
  },
  {
    name: "rejects a change of an unknown user",
    refused: true,
    cli: update(NOBODY, { name: "Nobody" }),
    rest: ["PATCH", `${USERS}/${NOBODY}`, { name: "Nobody" }],
    page: [`${PEOPLE}/edit?user=${NOBODY}`, { user: NOBODY, ...bob }],
  },
  {
    name: "creates a link to choose a password",
    secret: true,
    cli: (io, options) => adminUserResetPassword(BOB, { ...options, link: true }, io),
    rest: ["POST", `${USERS}/${BOB}/password-link`, {}],
    page: [`${PEOPLE}/password-link?user=${BOB}`, {}],
  },
  {
    name: "replaces it by one that works longer",
    secret: true,
    cli: (io, options) =>
      adminUserResetPassword(BOB, { ...options, link: true, expires: "7d" }, io),
    rest: ["POST", `${USERS}/${BOB}/password-link`, { expires_in: 604_800 }],
    page: [`${PEOPLE}/password-link?user=${BOB}`, { expires_in: "604800" }],
  },
  {
    name: "creates a link to confirm a new address",
    secret: true,
    cli: (io, options) => adminUserAddressLink(BOB, "bob@example.org", options, io),
    rest: ["POST", `${USERS}/${BOB}/address-link`, { email: "bob@example.org" }],
    page: [`${PEOPLE}/address-link?user=${BOB}`, { email: "bob@example.org" }],
  },
  {
    name: "rejects a link for the address of another user",
    refused: true,
    cli: (io, options) => adminUserAddressLink(BOB, "carol@example.com", options, io),
    rest: ["POST", `${USERS}/${BOB}/address-link`, { email: "carol@example.com" }],
    page: [`${PEOPLE}/address-link?user=${BOB}`, { email: "carol@example.com" }],
  },
  {
    name: "removes the second factors",
    cli: (io, options) => adminUserResetFactors(BOB, options, io),
    rest: ["POST", `${USERS}/${BOB}/reset-factors`],
    page: [`${PEOPLE}/reset-factors?user=${BOB}`, {}],
  },
  {
    name: "signs out one browser",
    cli: (io, options) => adminUserSignOut(BOB, SESSIONS[0], options, io),
    rest: ["DELETE", `${USERS}/${BOB}/sessions/${SESSIONS[0]}`],
    page: [`${PEOPLE}/sign-out?user=${BOB}&session=${SESSIONS[0]}`, {}],
  },
  {
    name: "rejects to sign out a browser again",
    refused: true,
    cli: (io, options) => adminUserSignOut(BOB, SESSIONS[0], options, io),
    rest: ["DELETE", `${USERS}/${BOB}/sessions/${SESSIONS[0]}`],
    page: [`${PEOPLE}/sign-out?user=${BOB}`, { session: SESSIONS[0] }],
  },
  {
    name: "rejects to sign out a browser of another user",
    refused: true,
    cli: (io, options) => adminUserSignOut(CAROL, SESSIONS[1], options, io),
    rest: ["DELETE", `${USERS}/${CAROL}/sessions/${SESSIONS[1]}`],
    page: [`${PEOPLE}/sign-out?user=${BOB}`, { user: CAROL, session: SESSIONS[1] }],
  },
  {
    name: "signs out all browsers",
    cli: (io, options) => adminUserSignOut(BOB, undefined, options, io),
    rest: ["DELETE", `${USERS}/${BOB}/sessions`],
    page: [`${PEOPLE}/sign-out?user=${BOB}`, {}],
  },
  {
    name: "revokes one login",
    cli: (io, options) => adminUserRevokeLogin(BOB, LOGINS[0], options, io),
    rest: ["DELETE", `${USERS}/${BOB}/logins/${LOGINS[0]}`],
    page: [`${PEOPLE}/revoke-login?user=${BOB}&login=${LOGINS[0]}`, {}],
  },
  {
    name: "revokes one login with the tokens created with it",
    cli: (io, options) =>
      adminUserRevokeLogin(BOB, LOGINS[1], { ...options, withTokens: true }, io),
    rest: ["DELETE", `${USERS}/${BOB}/logins/${LOGINS[1]}?with_tokens=true`],
    page: [`${PEOPLE}/revoke-login?user=${BOB}&login=${LOGINS[1]}`, { tokens: "on" }],
  },
  {
    name: "rejects to revoke a login of another user",
    refused: true,
    cli: (io, options) => adminUserRevokeLogin(CAROL, LOGINS[2], options, io),
    rest: ["DELETE", `${USERS}/${CAROL}/logins/${LOGINS[2]}`],
    page: [`${PEOPLE}/revoke-login?user=${BOB}`, { user: CAROL, login: LOGINS[2] }],
  },
  {
    name: "revokes all logins",
    cli: (io, options) => adminUserRevokeLogin(BOB, undefined, { ...options, all: true }, io),
    rest: ["DELETE", `${USERS}/${BOB}/logins`],
    page: [`${PEOPLE}/revoke-login?user=${BOB}`, {}],
  },
  {
    name: "revokes one token",
    cli: (io, options) => adminUserRevokeToken(BOB, TOKENS[0], options, io),
    rest: ["DELETE", `${USERS}/${BOB}/tokens/${TOKENS[0]}`],
    page: [`/tokens/${TOKENS[0]}/revoke`, {}],
  },
  {
    name: "rejects to revoke a token of another user",
    refused: true,
    cli: (io, options) => adminUserRevokeToken(CAROL, TOKENS[2], options, io),
    rest: ["DELETE", `${USERS}/${CAROL}/tokens/${TOKENS[2]}`],
    page: [`/tokens/${NOBODY}/revoke`, {}],
  },
  {
    name: "revokes all tokens",
    cli: (io, options) => adminUserRevokeToken(BOB, undefined, { ...options, all: true }, io),
    rest: ["DELETE", `${USERS}/${BOB}/tokens`],
    page: [`/admin/tokens/revoke?owner=${BOB}`, {}],
  },
  ...([true, false, true, false] as const).map((disabled): Action => ({
    name: disabled ? "disables a user" : "enables a user",
    cli: (io, options) =>
      disabled ? adminUserDisable(BOB, options, io) : adminUserEnable(BOB, options, io),
    rest: ["POST", `${USERS}/${BOB}/${disabled ? "disable" : "enable"}`],
    page: [`${PEOPLE}/access?user=${BOB}`, {}],
  })),
  {
    name: "rejects to transfer to an unknown user",
    refused: true,
    cli: (io, options) => adminUserOffboard(BOB, { ...options, transferTo: NOBODY }, io),
    rest: ["POST", `${USERS}/${BOB}/offboard`, { transfer_to: NOBODY }],
    page: [`${PEOPLE}/offboard?user=${BOB}`, { "transfer-to": NOBODY }],
  },
  {
    name: "offboards a user",
    cli: (io, options) => adminUserOffboard(BOB, options, io),
    rest: ["POST", `${USERS}/${BOB}/offboard`, {}],
    page: [`${PEOPLE}/offboard?user=${BOB}`, {}],
  },
  {
    name: "rejects a link for a disabled user",
    refused: true,
    cli: (io, options) => adminUserResetPassword(BOB, { ...options, link: true }, io),
    rest: ["POST", `${USERS}/${BOB}/password-link`, {}],
    page: [`${PEOPLE}/password-link?user=${BOB}`, {}],
  },
  {
    name: "deletes a user",
    cli: (io, options) => adminUserDelete(BOB, { ...options, yes: true }, io),
    rest: ["DELETE", `${USERS}/${BOB}`],
    page: [`${PEOPLE}/delete?user=${BOB}`, {}],
  },
  {
    name: "rejects to delete a user again",
    refused: true,
    cli: (io, options) => adminUserDelete(BOB, { ...options, yes: true }, io),
    rest: ["DELETE", `${USERS}/${BOB}`],
    page: [`${PEOPLE}/delete?user=${CAROL}`, { user: BOB }],
  },
];

/** Without the administrators of the three databases, and what is random. */
async function rows(sql: Sql, now: number) {
  const own = sql`select id from users where email = 'alice@example.com'`;
  const until = (date: Date | null) => date && date.getTime() - now;
  const users = await sql`
    select email, email_verified, name, password_hash, is_admin, disabled_at is not null as disabled
    from users where id not in (${own}) order by email`;
  const links = await sql`
    select u.email, l.mailed, l.used_at, l.expires_at, l.created_at
    from password_links l join users u on u.id = l.user_id order by l.created_at, l.expires_at`;
  const addressLinks = await sql`
    select email, mailed, used_at, expires_at from address_links order by created_at`;
  const sessions = await sql`
    select id, expires_at from sessions where user_id not in (${own}) order by id`;
  const logins = await sql`
    select id, revoked_at, revoked_reason from refresh_token_families
    where user_id not in (${own}) order by id`;
  const tokens = await sql`
    select id, revoked_at, revoked_reason from personal_access_tokens order by id`;
  return {
    users: users.map((row) => ({ ...row })),
    links: links.map(({ expires_at, created_at, ...row }) => ({
      ...row,
      expires: until(expires_at),
      created: until(created_at),
    })),
    recoveryCodes: await sql`select user_id from recovery_codes`.then((rows) => rows.length),
    addressLinks: addressLinks.map(({ expires_at, ...row }) => ({
      ...row,
      expires: until(expires_at),
    })),
    sessions: sessions.map(({ id, expires_at }) => ({ id, expires: until(expires_at) })),
    revoked: [...logins, ...tokens].map(({ revoked_at, ...row }) => ({
      ...row,
      at: until(revoked_at),
    })),
  };
}

Deno.test("users are the same by command, over REST and in the browser", async (t) => {
  await compareInterfaces(t, ACTIONS, {
    events: [
      "user.created",
      "user.changed",
      "user.disabled",
      "user.enabled",
      "user.deleted",
      "password_link.created",
      "address_link.created",
      "second_factor.reset",
      "session.ended",
      "sessions.all_ended",
      "login.revoked",
      "logins.all_revoked",
      "token.revoked",
    ],
    seed,
    labels: async (sql) =>
      new Map((await sql`select id, email from users`).map(({ id, email }) => [id, email])),
    secret: /token=[\w-]{43}/g,
    rows,
  });
});

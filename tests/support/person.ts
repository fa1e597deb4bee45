/** Users of a test server: with a password for the pages, with tokens for the REST API. */
import assert from "node:assert/strict";
import { randomBytes, scryptSync } from "node:crypto";
import { createUser, type User } from "../../server/store/users.ts";
import { covers, isManagementScope } from "../../shared/management.ts";
import { brand } from "../../shared/brand.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { type Visitor, visitor } from "./page_visitor.ts";
import type { TestServer } from "./test_server.ts";

export const PASSWORD = "a calm and long pass phrase";

/** Of `PASSWORD`, at a cost that only tests can afford: checking it takes no time. */
const PASSWORD_HASH = weakHash(PASSWORD);

function weakHash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password.normalize("NFKC"), salt, 32, { N: 2, r: 1, p: 1 });
  const [encodedSalt, encodedKey] = [salt, key].map((bytes) =>
    bytes.toString("base64").replaceAll("=", "")
  );
  return `$scrypt$ln=1,r=1,p=1$${encodedSalt}$${encodedKey}`;
}

/** A user with `PASSWORD`, who can sign in to the pages. */
export async function addUserWithPassword(
  { parts: { sql }, clock }: TestServer,
  email = "alice@example.com",
  name = "Alice Example",
): Promise<User> {
  const now = new Date(clock.now());
  const user = await createUser(sql, {
    email,
    name,
    passwordHash: PASSWORD_HASH,
    isAdmin: false,
    now,
  });
  if (user === "email_taken") throw new Error(`${email} is taken`);
  return user;
}

/** A browser in which a user with `PASSWORD` is signed in. */
export async function signedIn(
  server: TestServer,
  email = "alice@example.com",
  address?: string,
  userAgent?: string,
): Promise<Visitor> {
  const browser = visitor(server, address, userAgent);
  await browser.get("/signin");
  const page = await browser.submit("/signin", { email, password: PASSWORD });
  assert.equal(page.status, 303, page.text);
  return browser;
}

/** A user with the access tokens of a login. */
export interface Person {
  id: string;
  email: string;
  /** For the operator's API. */
  login: string;
  /** For the management API, approved with every scope there is. */
  management: string;
}

export async function addPerson(
  server: TestServer,
  { admin = false }: { admin?: boolean } = {},
): Promise<Person> {
  const { id, email } = await server.addUser();
  if (admin) await server.parts.sql`update users set is_admin = true where id = ${id}`;
  const { access_token: login } = await server.login(id);
  return { id, email, login, management: await managementToken(server, { id, admin }) };
}

/** An approval for everything that a user may manage; it expires in minutes. */
export async function managementToken(
  server: TestServer,
  { id, admin = false }: { id: string; admin?: boolean },
): Promise<string> {
  const scopes = server.parts.config.scopes.filter(({ name, clients, roles, deviceFlow }) =>
    !deviceFlow?.includes("off") && name !== "offline_access" &&
    (clients === undefined || clients.includes(brand.cliClientId)) &&
    (admin || roles === undefined || roles.includes("user"))
  ).map(({ name }) => name)
    // Those that another one includes: a request has 256 characters at most.
    .filter((name, _, names) =>
      !names.some((other) => other !== name && isManagementScope(name) && covers([other], name))
    );
  return (await server.approveManagement(id, formatScope(scopes))).access_token;
}

/** People who can sign in to the pages. */
import assert from "node:assert/strict";
import { randomBytes, scryptSync } from "node:crypto";
import { createUser, type User } from "../../server/store/users.ts";
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

/** A person with `PASSWORD`. */
export async function addPerson(
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

/** A browser in which that person has signed in. */
export async function signedIn(
  server: TestServer,
  email = "alice@example.com",
  address?: string,
): Promise<Visitor> {
  const browser = visitor(server, address);
  await browser.get("/signin");
  const shown = await browser.submit("/signin", { email, password: PASSWORD });
  assert.equal(shown.status, 303, shown.text);
  return browser;
}

/** People who can sign in to the pages. */
import assert from "node:assert/strict";
import { hashPassword } from "../../server/security/password_hash.ts";
import { createUser, type User } from "../../server/store/users.ts";
import { type Visitor, visitor } from "./page_visitor.ts";
import type { TestServer } from "./test_server.ts";

export const PASSWORD = "a calm and long pass phrase";

let hash: Promise<string> | undefined;

/** A person with `PASSWORD`. */
export async function addPerson(
  { parts: { sql }, clock }: TestServer,
  email = "alice@example.com",
  name = "Alice Example",
): Promise<User> {
  hash ??= hashPassword(PASSWORD);
  const now = new Date(clock.now());
  const user = await createUser(sql, {
    email,
    name,
    passwordHash: await hash,
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

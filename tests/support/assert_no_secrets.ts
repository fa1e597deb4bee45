/** Secrets by their look, and a check that an output holds none. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";

/** What every password in the tests holds, so that it is found wherever it leaks. */
export const PASSWORD_MARK = "never-to-be-shown";

const prefixes = Object.values(brand.tokenPrefixes).join("|");

const SECRETS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["one of our tokens or codes", new RegExp(`\\b(${prefixes})[0-9A-Za-z]{20,}`)],
  ["a JWT", /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/],
  ["a password", new RegExp(PASSWORD_MARK)],
  ["a password in a database's address", /postgres(ql)?:\/\/[^\s:@/]*:(?!\*+@)[^\s@/]+@/],
  ["a private key", /"d":|PRIVATE KEY/],
];

/** Throws, without repeating the secret, if `text` holds one. `where` names its source. */
export function assertNoSecrets(where: string, text: string): void {
  for (const [name, pattern] of SECRETS) {
    const secret = pattern.exec(text);
    if (secret === null) continue;
    const before = text.slice(Math.max(0, secret.index - 60), secret.index);
    assert.fail(`${where} shows ${name} after: …${before}`);
  }
}

/** Passwords: neither what is stored nor the time of a wrong one discloses anything. */
import assert from "node:assert/strict";
import {
  checkPassword,
  hashPassword,
  verifyPassword,
} from "../../../server/security/password_hash.ts";

const PASSWORD = "a calm and long pass phrase";

/** Of "x", at the least cost there is. */
const CHEAP = "$scrypt$ln=1,r=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA";

Deno.test("verifies a password only against its own hash", async () => {
  const hash = await hashPassword(PASSWORD);
  assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$[\w+/-]{22}\$[\w+/-]{43}$/);
  assert.notEqual(hash, await hashPassword(PASSWORD), "each hash has a salt of its own");
  assert.equal(await verifyPassword(PASSWORD, hash), true);
  assert.equal(await verifyPassword(`${PASSWORD} `, hash), false);
  assert.equal(await verifyPassword("", hash), false);
  assert.equal(await verifyPassword(PASSWORD, undefined), false);
  assert.equal(await verifyPassword(PASSWORD, "not a hash"), false);
});

Deno.test("treats an accent typed as one character or as two as the same", async () => {
  const hash = await hashPassword("caf\u00e9 au lait, s'il vous pla\u00eet");
  assert.equal(await verifyPassword("cafe\u0301 au lait, s'il vous plai\u0302t", hash), true);
});

Deno.test("rejects a password with characters beyond the maximum", async () => {
  const longest = "🔑".repeat(256);
  const hash = await hashPassword(longest);
  assert.equal(await verifyPassword(longest, hash), true);
  assert.equal(await verifyPassword(`${longest}x`, hash), false);
});

Deno.test("an unknown account takes as long as a known one", async () => {
  const hash = await hashPassword(PASSWORD);
  const duration = async (stored: string | undefined) => {
    const start = performance.now();
    await checkPassword("wrong", stored, {});
    return performance.now() - start;
  };
  let [known, unknown] = [Infinity, Infinity];
  const isEqual = () => unknown > known / 3 && unknown < known * 3;
  // In turn, so that other programs on this machine delay both; more often if they delayed one.
  for (let run = 0; run < 5 || (run < 30 && !isEqual()); run++) {
    known = Math.min(known, await duration(hash));
    unknown = Math.min(unknown, await duration(undefined));
  }
  assert.ok(isEqual(), `${unknown} ms against ${known} ms`);
});

Deno.test("rejects a flood of sign-ins instead of filling the memory", async () => {
  const checks = Array.from({ length: 200 }, () => verifyPassword("wrong", CHEAP));
  const results = await Promise.allSettled(checks);
  const refused = results.filter((result) => result.status === "rejected");
  assert.equal(refused.length, 200 - 4 - 100);
  for (const { reason } of refused) assert.equal(reason.code, "unavailable");
  assert.equal(await verifyPassword("wrong", CHEAP), false, "and then all is as before");
});

import assert from "node:assert/strict";
import { brand } from "../../../shared/brand.ts";
import { assertGolden } from "../../support/golden.ts";
import { passwordProblem } from "../../../server/security/password_rules.ts";

const ALICE = { email: "alice.smith@example.com", name: "Alice Smith-Jones" };

Deno.test("requires a length of new passwords, and no kinds of characters", () => {
  assert.match(passwordProblem("eleven char")!, /at least 12/);
  assert.equal(passwordProblem("twelve chars"), undefined);
  assert.equal(passwordProblem("🔑".repeat(256)), undefined);
  assert.match(passwordProblem("x".repeat(257))!, /at most 256/);
});

Deno.test("rejects passwords that leaked often, in any letter case", () => {
  for (const common of ["123456789012", "qwertyuiop123", "PASSWORD1234", "Unbelievable"]) {
    assert.match(passwordProblem(common)!, /attackers try it first/, common);
  }
  assert.equal(passwordProblem("unbelievable weather"), undefined);
});

Deno.test("rejects a password that is little more than the user's address or name", () => {
  const rejected = [
    "alice.smith@example.com",
    "ALICE.SMITH2026!",
    "alicesmithalicesmith",
    "Smith-Jones Alice 1",
    "example.com!!",
    `${brand.productName} ${brand.productName}`.padEnd(12, "!"),
    `${brand.productName}12345`.padEnd(12, "!"),
  ];
  for (const password of rejected) {
    assert.match(passwordProblem(password, ALICE)!, /little more than/, password);
  }
  assert.equal(passwordProblem("alice has seven umbrellas", ALICE), undefined);
  assert.equal(passwordProblem("another long sentence", ALICE), undefined);
  // A user without a name, and an address with short parts.
  assert.equal(passwordProblem("a b c d e f g h i j", { email: "a@b.c" }), undefined);
});

Deno.test("says what is wrong with a password", async () => {
  const passwords = [
    "short",
    "x".repeat(257),
    "unbelievable",
    "alice.smith@example.com",
    "Alice Smith-Jones",
    `${brand.productName}12345`.padEnd(12, "!"),
  ];
  const problems = passwords.map((password) => passwordProblem(password, ALICE));
  await assertGolden("password-rules.txt", `${problems.join("\n")}\n`);
});

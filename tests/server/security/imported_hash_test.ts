/**
 * Password hashes of other systems. The hashes were computed by others: bcrypt and $7$ by crypt(3),
 * scrypt and pbkdf2 by Python's hashlib; that of argon2 is one of its reference implementation.
 */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import { importHash } from "../../../server/security/imported_hash/import_hash.ts";
import { checkPassword, verifyPassword } from "../../../server/security/password_hash.ts";

const PASSWORD = "correct horse";
const HASHES: Record<string, string> = {
  "bcrypt 2a": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
  "bcrypt 2b": "$2b$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
  "bcrypt 2y": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
  scrypt:
    "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$JbN2hANm9NOw4h5BRHZnbjzQ6Jr0QwNWojTOC2WgIbU",
  "scrypt of Werkzeug":
    "scrypt:32768:8:1$salty$8c370cd82af8b598d2ef3b94d41d4cc3ac4fe947375e1099e78a034f31ed188e" +
    "956cb455914d8007785041397692c050dd5959304c0e979f450612bf17843804",
  "pbkdf2-sha1":
    "$pbkdf2-sha1$i=1000$AAECAwQFBgcICQoLDA0ODw$ndhWw3a4srcTtr4HQFTLiKRlVuARheqNDSZ/M5xlIWk",
  "pbkdf2-sha256":
    "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
  "pbkdf2-sha512":
    "$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$Xpx07WjVx4vCIvrmBRj8uOoVVtGqJqtUv2J5bhizSQs",
  "pbkdf2 of passlib":
    "$pbkdf2-sha256$29000$8PHy8/T19vf4.fr7/P3./w$y5nE41FP/R2/UmxDUlEQsFP4Nx.Xu.w8mgq1Jg6CG.g",
  "pbkdf2 of Django": "pbkdf2_sha256$1000$seasalt2$oksQ9Bdi8Bce0okH61Cis7qICJfP+cYfDOnMdNPMzK8=",
  "pbkdf2 of Werkzeug":
    "pbkdf2:sha256:1000$salty$0f3bdaa0f0d61cd94efb4a79134e2649c21488d56327c6298188ad61336a1e8f",
};
const OTHERS: [kind: string, password: string, hash: string][] = [
  [
    "scrypt of crypt(3)",
    "pleaseletmein",
    "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
  ],
  [
    "argon2id",
    "password",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
  ],
];

Deno.test("verifies a password by the hash of another system", async () => {
  const all = [
    ...Object.entries(HASHES).map(([kind, hash]) => [kind, PASSWORD, hash]),
    ...OTHERS,
  ];
  for (const [kind, password, hash] of all) {
    const stored = importHash(hash);
    assert.equal(typeof stored, "string", `${kind}: ${stored}`);
    assert.equal(await verifyPassword(password, stored as string), true, kind);
    assert.equal(await verifyPassword(`${password} `, stored as string), false, kind);
    assert.equal(await verifyPassword("", stored as string), false, kind);
  }
});

Deno.test("stores the hash of another system in the same form, however often it is imported", () => {
  for (const hash of Object.values(HASHES)) {
    const stored = importHash(hash);
    assert.equal(importHash(stored as string), stored);
  }
});

Deno.test("rejects a hash of an unknown kind, or one that would cost too much to check", () => {
  const rejected = [
    "",
    "password",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
    "$6$salt$",
    "$2x$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
    "$2b$05$tooshort",
    "$2b$31$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
    "$2b$03$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2",
    "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$argon2id$v=19$m=65536,t=900,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$argon2id$v=20$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    "$scrypt$ln=20,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$JbN2hANm9NOw4h5BRHZnbjzQ6Jr0QwNWojTOC2WgIbU",
    "$scrypt$ln=0,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$JbN2hANm9NOw4h5BRHZnbjzQ6Jr0QwNWojTOC2WgIbU",
    // Of a key of three bytes there are so few that a wrong password may have it.
    "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAAA",
    "$pbkdf2-sha256$i=99999999$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
    "$pbkdf2-sha256$i=0$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ",
    "scrypt:30000:8:1$salty$8c370cd82af8b598d2ef3b94d41d4cc3",
    HASHES.scrypt + "\n",
    `${HASHES["bcrypt 2b"]}${"x".repeat(10_000)}`,
  ];
  for (const hash of rejected) {
    const problem = importHash(hash);
    assert.ok(problem instanceof DomainError, hash);
    assert.equal(problem.field, "password_hash");
  }
});

Deno.test("replaces a hash of another kind or cost after a correct password only", async () => {
  const cost = { log2N: 4, r: 8, p: 1 };
  for (const hash of [HASHES["bcrypt 2b"], HASHES.scrypt]) {
    const wrong = await checkPassword("wrong", hash, { cost });
    assert.deepEqual(wrong, { correct: false });
    const { correct, rehashed } = await checkPassword(PASSWORD, hash, { cost });
    assert.equal(correct, true);
    assert.match(rehashed!, /^\$scrypt\$ln=4,r=8,p=1\$/);
    assert.deepEqual(await checkPassword(PASSWORD, rehashed, { cost }), { correct: true });
    const raised = await checkPassword(PASSWORD, rehashed, { cost: { ...cost, log2N: 5 } });
    assert.match(raised.rehashed!, /^\$scrypt\$ln=5,r=8,p=1\$/);
  }
});

Deno.test("a password that matches only the decoy is wrong", async () => {
  const cost = { log2N: 4, r: 8, p: 1 };
  const decoy = HASHES["bcrypt 2b"];
  assert.deepEqual(await checkPassword(PASSWORD, undefined, { cost, decoy }), { correct: false });
  const { rehashed } = await checkPassword("another one", decoy, { cost });
  assert.equal(rehashed, undefined);
});

Deno.test("an address without an account takes as long as an imported account", async () => {
  // Of "correct horse", by bcryptjs. The imported hash takes most of the time of each check.
  const bcrypt = await import("bcryptjs");
  const imported = await bcrypt.default.hash(PASSWORD, 8);
  const cost = { log2N: 4, r: 8, p: 1 };
  const { rehashed } = await checkPassword(PASSWORD, imported, { cost });
  const fastest: Record<string, number> = {};
  // In turn, so that other programs on this machine delay all.
  for (let run = 0; run < 7; run++) {
    for (
      const [kind, stored] of [["imported", imported], ["own", rehashed], ["unknown", undefined]]
    ) {
      const start = performance.now();
      await checkPassword("wrong", stored, { cost, decoy: imported });
      fastest[kind!] = Math.min(fastest[kind!] ?? Infinity, performance.now() - start);
    }
  }
  const times = Object.values(fastest);
  assert.ok(Math.max(...times) < 3 * Math.min(...times), JSON.stringify(fastest));
});

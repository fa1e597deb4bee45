/** docs/token-format.md describes the tokens that we issue, for other products' scanners. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasChecksum, hasTokenForm, parseToken } from "../../shared/tokens/format.ts";

const document = await Deno.readTextFile(new URL("../../docs/token-format.md", import.meta.url));
const PREFIX = brand.tokenPrefixes.personalAccessToken;
const VECTORS: Record<string, Uint8Array> = {
  "32 bytes 00": new Uint8Array(32),
  "32 bytes ff": new Uint8Array(32).fill(255),
  "bytes 00 01 02 … 1f": Uint8Array.from({ length: 32 }, (_, index) => index),
};

Deno.test("accepts the document's vectors, and no other last character", () => {
  for (const [name, payload] of Object.entries(VECTORS)) {
    const token = formatToken(PREFIX, payload);
    assert.match(document, new RegExp(`\\| ${name} +\\| \`${token}\` +\\|`));
    assert.ok(hasTokenForm(PREFIX, token, 32));
    assert.ok(hasChecksum(new TextEncoder().encode(token)));
    assert.deepEqual(parseToken(PREFIX, token, 32), payload);
    for (const last of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- ") {
      const other = token.slice(0, -1) + last;
      assert.equal(hasTokenForm(PREFIX, other, 32), other === token);
      assert.equal(hasChecksum(new TextEncoder().encode(other)), other === token);
      assert.equal(parseToken(PREFIX, other, 32) !== undefined, other === token);
    }
  }
});

Deno.test("the document's expressions match every kind of secret", () => {
  const expressions = [...document.matchAll(/regex = '''(.+)'''/g)].map(([, regex]) =>
    new RegExp(regex)
  );
  assert.equal(expressions.length, 2);
  const lengths = {
    personalAccessToken: 32,
    refreshToken: 48,
    deviceCode: 32,
    clientSecret: 32,
    directoryToken: 32,
  };
  for (const [kind, length] of Object.entries(lengths)) {
    const prefix = brand.tokenPrefixes[kind as keyof typeof lengths];
    const token = formatToken(prefix, randomBytes(length));
    const secrets = expressions.flatMap((expression) =>
      expression.exec(`x="${token}";`)?.[1] ?? []
    );
    assert.deepEqual(secrets, [token]);
    assert.ok(hasTokenForm(prefix, token, length));
    // One kind does not pass for another.
    for (const [other, otherLength] of Object.entries(lengths)) {
      const otherPrefix = brand.tokenPrefixes[other as keyof typeof lengths];
      assert.equal(hasTokenForm(otherPrefix, token, otherLength), other === kind);
    }
  }
});

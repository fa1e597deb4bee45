import { strict as assert } from "node:assert";
import { findTokens } from "../../../client/scan/find_tokens.ts";
import { generateDeviceCode } from "../../../server/tokens/device_code.ts";
import { generatePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";
import { generateRefreshToken } from "../../../server/tokens/refresh_token.ts";
import { brand } from "../../../shared/brand.ts";
import { formatToken } from "../../../shared/tokens/format.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (text: string) => findTokens(bytes(text)).map(({ kind }) => kind.name);

Deno.test("finds every kind of token, with its offset", () => {
  const tokens = [
    generatePersonalAccessToken(),
    generateRefreshToken(),
    generateDeviceCode(),
    formatToken(brand.tokenPrefixes.clientSecret, crypto.getRandomValues(new Uint8Array(32))),
  ];
  const text = `TOKEN="${tokens[0]}"\nrefresh: ${tokens[1]};${tokens[2]}\n<${tokens[3]}>`;
  const matches = findTokens(bytes(text));
  assert.deepEqual(matches.map(({ token }) => token), tokens);
  assert.deepEqual(matches.map(({ offset }) => offset), tokens.map((token) => text.indexOf(token)));
  assert.deepEqual(
    matches.map(({ kind }) => kind.name),
    ["personal access token", "refresh token", "device code", "client secret"],
  );
});

Deno.test("rejects look-alikes: a wrong character, too short, truncated, another product", () => {
  const token = generatePersonalAccessToken();
  const last = token.at(-1) === "x" ? "y" : "x";
  assert.deepEqual(names(`${token.slice(0, -1)}${last}`), []);
  assert.deepEqual(names(token.slice(0, -1)), []);
  assert.deepEqual(names(token.slice(1)), []);
  assert.deepEqual(names(`xyz_${token.slice(brand.tokenPrefixes.personalAccessToken.length)}`), []);
  assert.deepEqual(names(`${brand.tokenPrefixes.personalAccessToken}${"A".repeat(49)}`), []);
});

Deno.test("finds a token next to other characters", () => {
  const token = generatePersonalAccessToken();
  for (const text of [token, `x${token}`, `${token}x`, `${token}${token}`, `AA_${token}_BB`]) {
    const count = text.split(token).length - 1;
    assert.equal(names(text).length, count, "around a token");
  }
  const blob = "QUJD".repeat(1000);
  assert.equal(names(`${blob}${token}${blob}`).length, 1);
  assert.equal(findTokens(bytes(`${"é".repeat(50)}${token}`))[0].offset, 100);
});

Deno.test("finds tokens at every offset and distance", () => {
  const token = generatePersonalAccessToken();
  for (let gap = 0; gap < 120; gap++) {
    const text = `${" ".repeat(gap)}${token}${"a".repeat(gap)}${" ".repeat(gap % 3)}${token}`;
    assert.equal(names(text).length, 2, `gap of ${gap}`);
  }
});

Deno.test("rejects look-alikes without decoding them", () => {
  const { decode } = TextDecoder.prototype;
  let decoded = 0;
  TextDecoder.prototype.decode = function (...args) {
    decoded++;
    return decode.apply(this, args);
  };
  try {
    const line = `${brand.tokenPrefixes.personalAccessToken}${"A".repeat(49)}\n`;
    assert.deepEqual(names(line.repeat(1000)), []);
    assert.equal(decoded, 0);
    assert.equal(names(generatePersonalAccessToken()).length, 1);
    assert.equal(decoded, 1);
  } finally {
    TextDecoder.prototype.decode = decode;
  }
});

import { strict as assert } from "node:assert";
import { scanPieces } from "../../../client/scan/scan_pieces.ts";
import { generatePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";
import { generateRefreshToken } from "../../../server/tokens/refresh_token.ts";

/** `bytes` in pieces of `length`, all in one buffer that is used again and again. */
function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(length);
  for (let start = 0; start < bytes.length; start += length) {
    const piece = bytes.subarray(start, start + length);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

Deno.test("finds tokens across pieces once, with their line", async () => {
  const [first, second, third] = [
    generatePersonalAccessToken(),
    generateRefreshToken(),
    generatePersonalAccessToken(),
  ];
  const text = new TextEncoder().encode(
    `first\n  ${first}\n\n${"x".repeat(200)}\nä ${second} ${third}\nlast line`,
  );
  const expected = [
    { token: first, line: 2, column: 3 },
    { token: second, line: 5, column: 4 },
    { token: third, line: 5, column: 5 + second.length },
  ];
  for (const length of [1, 2, 7, 52, 53, 54, 75, 76, 77, 100, 128, 300, 10_000]) {
    const findings = await scanPieces(pieces(text, length), "x");
    assert.deepEqual(
      findings.map(({ token, line, column }) => ({ token, line, column })),
      expected,
      `pieces of ${length}`,
    );
  }
});

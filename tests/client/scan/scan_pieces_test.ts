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
  const [one, two, three] = [
    generatePersonalAccessToken(),
    generateRefreshToken(),
    generatePersonalAccessToken(),
  ];
  const text = new TextEncoder().encode(
    `first\n  ${one}\n\n${"x".repeat(200)}\nä ${two} ${three}\nlast line`,
  );
  const expected = [
    { token: one, line: 2, column: 3 },
    { token: two, line: 5, column: 4 },
    { token: three, line: 5, column: 5 + two.length },
  ];
  for (const length of [1, 2, 7, 52, 53, 54, 75, 76, 77, 100, 128, 300, 10_000]) {
    const found = await scanPieces(pieces(text, length), "x");
    assert.deepEqual(
      found.map(({ token, line, column }) => ({ token, line, column })),
      expected,
      `pieces of ${length}`,
    );
  }
});

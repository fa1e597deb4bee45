import { strict as assert } from "node:assert";
import { ZeroFilter } from "../../../client/scan/zero_filter.ts";

Deno.test("removes zeros, and maps the offsets of the other bytes", () => {
  const bytes = Uint8Array.from({ length: 500 }, (_, at) => at % 7 === 0 || at % 3 === 1 ? 0 : at);
  const kept = [...bytes.entries()].filter(([, byte]) => byte !== 0);
  for (const length of [1, 2, 3, 64, 499, 500]) {
    const filter = new ZeroFilter();
    const buffer = new Uint8Array(length);
    const rest: number[] = [];
    for (let start = 0; start < bytes.length; start += length) {
      const piece = bytes.subarray(start, start + length);
      buffer.set(piece);
      rest.push(...filter.push(buffer.subarray(0, piece.length)));
      // As for a token that ends in this piece and began before it.
      const places = rest.map((_, place) => place).slice(-50);
      assert.deepEqual(
        filter.offsetsOf(places),
        places.map((place) => kept[place][0]),
        `pieces of ${length}`,
      );
    }
    assert.deepEqual(rest, kept.map(([, byte]) => byte));
  }
});

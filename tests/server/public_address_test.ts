/** Invariant: an address outside the public internet is not asked, however it is written. */
import assert from "node:assert/strict";
import { addressProblem } from "../../server/federation/public_address.ts";

Deno.test("addresses of no public place are told, however they are written", async () => {
  for (
    const host of [
      "127.0.0.1",
      "2130706433",
      "0x7f.1",
      "10.0.0.1",
      "169.254.169.254",
      "192.88.99.1",
      "[::]",
      "[::1]",
      "[::ffff:10.0.0.1]",
      "[64:ff9b::a00:1]",
      "[64:ff9b:1::a00:1]",
      "[2002:a00:1::]",
      "[2001::1]",
      "[100::1]",
      "[fd00::1]",
      "[fe80::1]",
      "[fec0::1]",
    ]
  ) {
    const problem = await addressProblem(new URL(`https://${host}/`), false);
    assert.match(problem ?? "none", /private address/, host);
  }
  for (const host of ["1.1.1.1", "[2606:4700:4700::1111]"]) {
    assert.equal(await addressProblem(new URL(`https://${host}/`), false), undefined, host);
  }
});

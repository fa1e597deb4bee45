/** Invariant: a form without anything encoded is split as URLSearchParams splits it. */
import assert from "node:assert/strict";
import { parsePlainForm } from "../../../server/oauth/plain_form.ts";

Deno.test("splits a form as URLSearchParams does", () => {
  const bodies = [
    ...["", "&", "=", "&&=&", "token", "token=", "=x", "token=x", "token==x", "token=x=y"],
    ...["token=x&", "&token=x", "token=x&&client_id=y", "token&client_id=y", "token=x&token=z"],
    ...["a=1&b&c=3", "a&b=c=d&e", "token=x%20y", "token=x+y", "token=\u00e9", "token=x\n"],
  ];
  for (const body of bodies) {
    assert.deepEqual([...parsePlainForm(body)], [...new URLSearchParams(body)], body);
  }
});

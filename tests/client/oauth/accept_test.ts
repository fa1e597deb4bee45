/** Invariant: a server that insists on its media type finds it among those we accept. */
import assert from "node:assert/strict";
import { request } from "../../../client/oauth/http.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

Deno.test("accepts every media type that the server sends", async () => {
  for (const type of ["application/json", "application/problem+json", "text/plain", "text/html"]) {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (incoming) => {
        const ranges = (incoming.headers.get("accept") ?? "").split(",")
          .map((range) => range.split(";")[0].trim());
        const status = ranges.includes(type) || ranges.includes("*/*") ? 200 : 406;
        return new Response("{}", { status, headers: { "content-type": type } });
      },
    );
    const answer = await request(`http://127.0.0.1:${server.addr.port}/`, memoryIo());
    assert.equal(answer.status, 200, type);
  }
});

/** Invariant: nothing is sent to a server with an untrusted certificate (RFC 6750 section 5.3). */
import assert from "node:assert/strict";
import { discover } from "../../../client/oauth/discovery.ts";
import { ClientError } from "../../../client/errors.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

Deno.test("rejects a server with an untrusted certificate", async () => {
  const file = (name: string) =>
    Deno.readTextFile(new URL(`../../support/certificate/${name}.pem`, import.meta.url));
  const asked: string[] = [];
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await file("cert"),
    key: await file("key"),
    onListen() {},
  }, (request) => {
    asked.push(request.url);
    return Response.json({});
  });
  await assert.rejects(discover(`https://127.0.0.1:${server.addr.port}`, memoryIo()), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.exitCode, EXIT.failure);
    assert.match(error.message, /certificate/);
    return true;
  });
  assert.deepEqual(asked, []);
});

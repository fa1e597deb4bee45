/** The error of a port in use names what uses it. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { portHolder, procFiles } from "../../../server/http/port_holder.ts";

const linux = Deno.build.os === "linux";

Deno.test("names the program and the process that listen on a port", { ignore: !linux }, () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    using listener = Deno.listen({ hostname, port: 0 });
    assert.equal(
      portHolder(listener.addr.port, procFiles),
      `${basename(Deno.execPath())}, process ${Deno.pid}`,
    );
  }
});

Deno.test(
  "does not name a process that only connects from a port",
  { ignore: !linux },
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    assert.equal(portHolder(connection.localAddr.port, procFiles), undefined);
  },
);

Deno.test("returns nothing where /proc cannot be read", () => {
  const fail = () => {
    throw new Deno.errors.NotFound();
  };
  assert.equal(portHolder(80, { readText: fail, readLink: fail, list: fail }), undefined);
});

/** Any number of processes that need a fresh token at the same time renew the login once. */
import assert from "node:assert/strict";
import { ALICE, install, POSTGRES } from "../support/installation.ts";
import { startHttpRelay } from "../support/http_relay.ts";
import { terminal } from "../support/terminal.ts";

const PROCESSES = 50;

Deno.test("50 processes with an expired token renew it once", async () => {
  let port = 0;
  await using relay = await startHttpRelay(() => port);
  await using server = await install({ database: POSTGRES, args: ["--issuer", relay.origin] });
  port = server.server.port;
  await using alice = await terminal();
  assert.equal((await alice.login(server, server.alice)).code, 0);
  const before = (await alice.run(["token"])).stdout;
  await alice.expireAccessTokens();
  relay.requests.length = 0;

  const all = await Promise.all(
    Array.from({ length: PROCESSES }, () => alice.run(["token"], { timeoutMs: 120_000 })),
  );

  for (const { code, stdout, stderr } of all) {
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.equal(stdout, all[0].stdout);
  }
  assert.match(all[0].stdout, /^eyJ\S+\n$/);
  assert.notEqual(all[0].stdout, before);
  assert.deepEqual(relay.requests.filter((name) => name === "POST /oauth/token"), [
    "POST /oauth/token",
  ]);
  const whoami = await alice.run(["whoami"]);
  assert.match(whoami.stdout, new RegExp(ALICE.email));
});

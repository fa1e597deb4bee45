/** A device code is redeemed once (RFC 8628 section 3.5), by any number of polls at any replica. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { freePort } from "../support/free_port.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const POLLS = 100;
const ROUNDS = 5;

Deno.test("issues tokens to one of a hundred polls at two replicas", async () => {
  await using server = await install({ database: POSTGRES });
  await using home = await temporaryHome();
  await using second = await startServer({
    dataDir: home.folder,
    databaseUrl: server.databaseUrl,
    port: freePort(),
    args: ["--issuer", server.issuer],
  });
  await using cleanUp = new AsyncDisposableStack();
  const sql = postgres(server.databaseUrl!, { max: 1 });
  cleanUp.defer(() => sql.end());
  const replicas = [server.issuer, `http://127.0.0.1:${second.port}`];
  const post = (origin: string, path: string, form: Record<string, string>) =>
    fetch(origin + path, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
    });

  for (let round = 1; round <= ROUNDS; round++) {
    const started = await post(replicas[round % 2], "/oauth/device/authorize", {
      scope: "openid offline_access",
    });
    const { device_code, user_code } = await started.json();
    await server.alice.decide(user_code, "approve");

    const answers = await Promise.all(
      Array.from({ length: POLLS }, async (_, index) => {
        const response = await post(replicas[index % 2], "/oauth/token", {
          grant_type: DEVICE_CODE_GRANT,
          device_code,
        });
        return { status: response.status, body: await response.json() };
      }),
    );

    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1);
    const losers = new Set(
      answers.filter(({ status }) => status !== 200)
        .map(({ status, body }) => `${status} ${body.error}`),
    );
    assert.deepEqual([...losers], ["400 invalid_grant"]);
    const [{ families }] = await sql`
      select count(*)::int as families from refresh_token_families`;
    assert.equal(families, round);
    // The winner's tokens are good, and the losers have not spoilt them.
    const userinfo = await fetch(`${replicas[1]}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${winners[0].body.access_token}` },
    });
    assert.equal(userinfo.status, 200);
    const refreshed = await post(replicas[0], "/oauth/token", {
      grant_type: "refresh_token",
      refresh_token: winners[0].body.refresh_token,
    });
    assert.equal(refreshed.status, 200);
    await refreshed.body?.cancel();
    await userinfo.body?.cancel();
  }
});

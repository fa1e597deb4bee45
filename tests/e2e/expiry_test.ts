/**
 * Every expiration, in the compiled program: the clock of server and client moves a year in half
 * a minute.
 */
import assert from "node:assert/strict";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { start } from "../support/binary.ts";
import { processClock } from "../support/libfaketime.ts";
import { ALICE, install } from "../support/installation.ts";
import { terminal } from "../support/terminal.ts";

Deno.test({
  name: "everything expires on time, with a clock moved past each expiration",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using clock = await processClock();
    await using server = await install({ empty: true, env: clock.env });
    await using at = await terminal(clock.env);
    const { alice } = server;
    const token = async () => {
      const { code, stdout, stderr } = await at.run(["token"]);
      assert.equal(code, 0, stderr);
      return stdout.trim();
    };
    const accepted = async (accessToken: string) => {
      const response = await fetch(`${server.issuer}/oauth/userinfo`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      await response.body?.cancel();
      return response.status === 200;
    };
    const post = async (path: string, form: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: brand.cliClientId, ...form });
      return await (await fetch(server.issuer + path, { method: "POST", body })).json();
    };
    const logIn = async () => {
      const { code, stderr } = await at.login(server, alice);
      assert.equal(code, 0, stderr);
    };
    const assertExpired = async () => {
      const { code, stdout, stderr } = await at.run(["token"]);
      assert.equal(code, EXIT.authenticationRequired);
      assert.equal(stdout, "");
      assert.equal(stderr, `Error: Your login has expired. Run: ${brand.binaryName} login\n`);
      assert.match((await at.run(["token"])).stderr, /^Error: Not logged in\. Run: /);
    };

    await t.step("the setup link, after a day", async () => {
      const path = server.server.setupUrl!.slice(server.issuer.length);
      await clock.advance({ hours: 23, minutes: 58 });
      assert.equal(await alice.page(path), "setup");
      await clock.advance({ minutes: 3 });
      assert.equal(await alice.page(path), "invalid_setup_link");
      await server.addUser(ALICE, "--admin");
    });

    await t.step(
      "a device code, after 15 minutes, where it is entered and where it is polled",
      async () => {
        const early = await post("/oauth/device/authorize", { scope: "openid" });
        await clock.advance({ minutes: 14 });
        await alice.decide(early.user_code, "deny");

        const late = await post("/oauth/device/authorize", { scope: "openid" });
        await using login = start(["login", "--server", server.issuer, "--no-browser"], {
          env: at.home.env,
          timeoutMs: 60_000,
        });
        await login.waitFor(/Waiting for approval/);
        await clock.advance({ minutes: 15 });
        await assert.rejects(
          alice.decide(late.user_code, "approve"),
          /no form for \/device\/confirm/,
        );
        const answer = await post("/oauth/token", {
          grant_type: DEVICE_CODE_GRANT,
          device_code: late.device_code,
        });
        assert.equal(answer.error, "expired_token");
        const { code, stderr } = await login.ended;
        assert.equal(code, EXIT.failure);
        assert.match(stderr, /The code expired before it was approved\. .*run: \S+ login/);
      },
    );

    await t.step(
      "an access token, after 15 minutes; a minute before, the client renews it",
      async () => {
        await logIn();
        const first = await token();
        await clock.advance({ minutes: 13 });
        assert.equal(await token(), first);
        await clock.advance({ minutes: 1.5 });
        const second = await token();
        assert.notEqual(second, first);
        assert.equal(await accepted(first), true);
        await clock.advance({ minutes: 1 });
        assert.equal(await accepted(first), false);
        assert.equal(await token(), second);
        await clock.advance({ hours: 1 });
        assert.equal(await accepted(second), false);
        const third = await token();
        assert.notEqual(third, second);
        assert.equal(await accepted(third), true);
      },
    );

    await t.step(
      "a login, after 365 days, however much it is used; the signing key, after 90",
      async () => {
        let days = 0;
        const useUntil = async (end: number) => {
          for (; days + 29 <= end; days += 29) {
            await clock.advance({ days: 29 });
            assert.equal(await accepted(await token()), true, `after ${days} days`);
          }
        };
        await useUntil(90);
        const byOldKey = await token();
        await clock.advance({ days: 10 });
        days += 10;
        const lastByOldKey = await token();
        assert.equal(kidOf(lastByOldKey), kidOf(byOldKey));
        // The server looks after its keys now and then, and whenever it starts.
        await server.kill();
        await server.restart();
        await clock.advance({ minutes: 14.5 });
        const byNewKey = await token();
        assert.notEqual(kidOf(byNewKey), kidOf(lastByOldKey));
        const { published, verify } = await keySet(server.issuer, clock.now());
        assert.ok(published.includes(kidOf(lastByOldKey)));
        await verify(lastByOldKey);
        await verify(byNewKey);
        await clock.advance({ hours: 1 });
        const later = await keySet(server.issuer, clock.now());
        assert.ok(!later.published.includes(kidOf(lastByOldKey)));
        assert.ok(later.published.includes(kidOf(byNewKey)));

        await useUntil(364);
        await clock.advance({ days: 366 - days });
        await assertExpired();
      },
    );

    await t.step("an unused login, after 30 days", async () => {
      await logIn();
      await clock.advance({ days: 29 });
      await token();
      await clock.advance({ days: 31 });
      await assertExpired();
    });

    await t.step("a browser session, after 8 idle hours, and after 7 days", async () => {
      const started = await post("/oauth/device/authorize", { scope: "openid" });
      await alice.decide(started.user_code, "deny");
      await clock.advance({ hours: 7 });
      assert.equal(await alice.page("/device"), "enter_code");
      await clock.advance({ hours: 9 });
      assert.equal(await alice.page("/device"), "sign_in");

      const again = await post("/oauth/device/authorize", { scope: "openid" });
      await alice.decide(again.user_code, "deny");
      for (let hours = 7; hours < 7 * 24; hours += 7) {
        await clock.advance({ hours: 7 });
        assert.equal(await alice.page("/device"), "enter_code", `after ${hours} hours`);
      }
      await clock.advance({ hours: 6 });
      assert.equal(await alice.page("/device"), "enter_code");
      await clock.advance({ hours: 2 });
      assert.equal(await alice.page("/device"), "sign_in");
    });
  },
});

function kidOf(token: string): string {
  return decodeProtectedHeader(token).kid!;
}

async function keySet(issuer: string, now: number) {
  const set: JSONWebKeySet = await (await fetch(`${issuer}/oauth/jwks`)).json();
  return {
    published: set.keys.map(({ kid }) => kid),
    verify: (token: string) =>
      jwtVerify(token, createLocalJWKSet(set), { issuer, currentDate: new Date(now) }),
  };
}

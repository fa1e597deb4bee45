/** Request ids in responses and logs, and what an access log contains. */
import assert from "node:assert/strict";
import { app } from "../../server/app.ts";
import type { LogFields } from "../../server/log.ts";
import { loggedPath } from "../../server/request_log.ts";
import { databaseKinds } from "../support/databases.ts";
import { createPat, describeScopes } from "../support/pats.ts";
import { addPerson } from "../support/person.ts";
import { type TestServer, testServer } from "../support/test_server.ts";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

type Entry = { level: string; event: string } & LogFields;

/** Has the server log to an array. */
function logTo(server: TestServer, { access }: { access: boolean }): Entry[] {
  const entries: Entry[] = [];
  const config = { ...server.parts.config, log: { ...server.parts.config.log, access } };
  server.app = app({
    ...server.parts,
    config,
    log: (level, event, fields) => void entries.push({ level, event, ...fields }),
  });
  return entries;
}

async function idOf(server: TestServer, path: string, id?: string): Promise<string | null> {
  const response = await server.request(path, {
    headers: id === undefined ? {} : { "x-request-id": id },
  });
  await response.body?.cancel();
  return response.headers.get("x-request-id");
}

Deno.test("request ids and the access log", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const alice = await addPerson(server);
  const { token } = await createPat(server, alice);

  await t.step(
    "returns the id that was sent, and a new one in place of an invalid one",
    async () => {
      for (
        const path of ["/healthz", "/signin", "/api/v1/tokens", "/nosuch", "/oauth/nosuch", "/%2e"]
      ) {
        assert.equal(await idOf(server, path, "trace-1:a/b+c=.d"), "trace-1:a/b+c=.d", path);
        assert.match(await idOf(server, path) ?? "", UUID);
        for (const invalid of ["two words", "x".repeat(129), '"quoted"', "<b>", ""]) {
          assert.match(await idOf(server, path, invalid) ?? "", UUID, invalid);
        }
      }
    },
  );

  await t.step(
    "forward auth returns the id that was sent, not that of another request",
    async () => {
      const verifyId = async (id?: string) => {
        const headers = new Headers({ authorization: `Bearer ${token}` });
        if (id !== undefined) headers.set("x-request-id", id);
        const response = await server.request("/auth/verify", { headers });
        assert.equal(response.status, 200);
        return response.headers.get("x-request-id");
      };
      assert.equal(await verifyId("first"), "first");
      assert.equal(await verifyId(), null);
      assert.equal(await verifyId("second"), "second");
    },
  );

  await t.step("an error page and the log have the id of the response", async () => {
    const entries = logTo(server, { access: false });
    const page = await server.request("/nosuch", { headers: { "x-request-id": "page-7" } });
    assert.match(await page.text(), /Request ID: <code>page-7</);
    assert.equal(entries.length, 0);
    const keySet = () => Promise.reject(new Error("no space"));
    const failing = app({
      ...server.parts,
      keys: { keySet } as unknown as typeof server.parts.keys,
      log: (level, event, fields) => void entries.push({ level, event, ...fields }),
    });
    const request = new Request("https://auth.example.test/oauth/jwks?a=b", {
      headers: { "x-request-id": "jwks-8" },
    });
    const response = await failing.fetch(request, { peer: "192.0.2.1" });
    await response.body?.cancel();
    assert.equal(response.headers.get("x-request-id"), "jwks-8");
    assert.deepEqual(entries, [{
      level: "error",
      event: "request_failed",
      ...{ method: "GET", path: "/oauth/jwks", request_id: "jwks-8" },
      ...{ error: "Error", reason: "no space", trace_id: undefined },
    }]);
  });

  await t.step("logs method, path, status, duration, address and id, and no secrets", async () => {
    const entries = logTo(server, { access: true });
    const request = async (path: string, init?: RequestInit) =>
      void await (await server.request(path, init)).body?.cancel();
    await request("/tokens?search=S3CRET");
    await request("/device?user_code=BCDF-GHJK");
    await request(`/auth/verify?token=S3CRET`, { headers: { authorization: `Bearer ${token}` } });
    for (const path of [`/tokens/${token}`, "/device/BCDF-GHJK", "/device%3Fuser_code=S3CRET"]) {
      await request(path);
    }
    assert.deepEqual(
      entries.map(({ event, method, path, status }) => [event, method, path, status]),
      [
        ["request", "GET", "/tokens", 303],
        ["request", "GET", "/device", 303],
        ["request", "GET", "/auth/verify", 400],
        ["request", "GET", "/tokens/…", 303],
        ["request", "GET", "/device/…", 404],
        ["request", "GET", "/device…", 404],
      ],
    );
    for (const { duration_ms, address, request_id } of entries) {
      assert.ok(typeof duration_ms === "number" && duration_ms >= 0);
      assert.equal(address, "192.0.2.1");
      assert.match(String(request_id), UUID);
    }
    const text = JSON.stringify(entries);
    assert.doesNotMatch(text, /S3CRET|BCDF/);
    assert.ok(!text.includes(token));
  });
});

Deno.test("a logged path keeps ids, and hides what may be a secret", () => {
  const id = "0197a000-0000-7000-8000-000000000001";
  assert.equal(loggedPath(`/tokens/${id}/rotate`), `/tokens/${id}/rotate`);
  assert.equal(loggedPath("/bcdfghjk"), "/…");
  assert.equal(loggedPath(`/${"x".repeat(37)}`), "/…");
  assert.equal(loggedPath("/a%20b"), "/a…");
});

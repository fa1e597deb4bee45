/**
 * Invariant: while PostgreSQL is gone, the server lives, says so at once in the form of each
 * protocol, and works again right after it is back.
 */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { eventually } from "../support/eventually.ts";
import { generateDirectoryToken } from "../../server/tokens/directory_token.ts";
import { generatePersonalAccessToken } from "../../server/tokens/personal_access_token.ts";
import { addApiClient, type ApiClient } from "../support/introspect.ts";
import { install, type Installation, POSTGRES } from "../support/installation.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { terminal } from "../support/terminal.ts";

interface Behind extends AsyncDisposable {
  server: Installation;
  proxy: TcpProxy;
  api: ApiClient;
  token: string;
}

async function behindProxy(args: string[] = []): Promise<Behind> {
  await using cleanUp = new AsyncDisposableStack();
  let proxy: TcpProxy | undefined;
  const server = cleanUp.use(
    await install({
      database: POSTGRES,
      args,
      databaseVia(databaseUrl) {
        const url = new URL(databaseUrl);
        proxy ??= cleanUp.use(startTcpProxy(Number(url.port)));
        url.host = `127.0.0.1:${proxy.port}`;
        return url.href;
      },
    }),
  );
  const api = await addApiClient(server);
  const alice = cleanUp.use(await terminal());
  assert.equal((await alice.login(server, server.alice)).code, 0);
  const token = (await alice.run(["token"])).stdout.trim();
  const owned = cleanUp.move();
  return {
    ...{ server, proxy: proxy!, api, token },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

interface Answer {
  status: number;
  retryAfter: string | null;
  type: string;
  text: string;
  ms: number;
}

async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const startedAt = performance.now();
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    type: response.headers.get("content-type") ?? "",
    text,
    ms: performance.now() - startedAt,
  };
}

const form = (fields: Record<string, string>): RequestInit => ({
  method: "POST",
  body: new URLSearchParams(fields),
});

/** A request of each protocol, and what its error has to look like. */
function requests({ server: { issuer }, api, token }: Behind): Record<
  string,
  { ask(): Promise<Answer>; check(answer: Answer): void }
> {
  const oauth = ({ text }: Answer) =>
    assert.equal(JSON.parse(text).error, "temporarily_unavailable", text);
  const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
  const other = generatePersonalAccessToken();
  const refresh = { grant_type: "refresh_token", refresh_token: "x".repeat(50) };
  return {
    token: {
      ask: () => ask(`${issuer}/oauth/token`, form({ ...refresh, client_id: brand.cliClientId })),
      check: oauth,
    },
    "device authorization": {
      ask: () => ask(`${issuer}/oauth/device/authorize`, form({ client_id: brand.cliClientId })),
      check: oauth,
    },
    introspection: {
      ask: () =>
        ask(`${issuer}/oauth/introspect`, {
          ...form({ token }),
          headers: { authorization: `Basic ${btoa(`${api.id}:${api.secret}`)}` },
        }),
      check: oauth,
    },
    userinfo: { ask: () => ask(`${issuer}/oauth/userinfo`, bearer(token)), check: oauth },
    "forward auth": {
      ask: () => ask(`${issuer}/auth/verify`, bearer(token)),
      check: oauth,
    },
    "REST": {
      ask: () => ask(`${issuer}/api/v1/tokens`, bearer(other)),
      check({ text, type }) {
        assert.match(type, /^application\/problem\+json/);
        assert.match(JSON.parse(text).type, /#unavailable$/);
      },
    },
    "SCIM": {
      ask: () => ask(`${issuer}/scim/v2/Users`, bearer(generateDirectoryToken().token)),
      check({ text, type }) {
        assert.match(type, /^application\/scim\+json/);
        assert.equal(JSON.parse(text).status, "503");
      },
    },
  };
}

for (const mode of ["refuse", "black_hole"] as const) {
  Deno.test(`answers 503 at once while PostgreSQL is gone (${mode})`, async (t) => {
    await using behind = await behindProxy();
    const { server: { issuer, server }, proxy } = behind;
    const all = requests(behind);
    const log = () => server.running.stderr();
    proxy.mode = mode;
    if (mode === "refuse") proxy.cut();
    const goneAt = performance.now();
    await eventually("the outage", async () => {
      await ask(`${issuer}/auth/verify`, { headers: { authorization: "Bearer none" } });
      return /database_unreachable/.test(log());
    });
    assert.ok(performance.now() - goneAt < 15_000, `${performance.now() - goneAt} ms`);

    for (const [name, { ask, check }] of Object.entries(all)) {
      await t.step(`${name} says so`, async () => {
        const answers = [await ask(), await ask(), await ask()];
        for (const answer of answers) {
          assert.equal(answer.status, 503, answer.text);
          assert.match(answer.retryAfter ?? "", /^\d+$/);
          check(answer);
        }
        const ms = Math.min(...answers.map(({ ms }) => ms));
        assert.ok(ms < 100, `${ms} ms`);
      });
    }
    await t.step("a page says so", async () => {
      assert.equal(await behind.server.alice.page("/tokens"), "internal_error");
    });
    await t.step("health says that the process lives and is not ready", async () => {
      assert.equal((await ask(`${issuer}/healthz`)).status, 200);
      assert.equal((await ask(`${issuer}/readyz`)).status, 503);
    });
    await t.step("everything works right after it is back", async () => {
      proxy.mode = "pass";
      const backAt = performance.now();
      await eventually("readiness", async () => (await ask(`${issuer}/readyz`)).status === 200);
      const ms = performance.now() - backAt;
      assert.ok(ms < 10_000, `${ms} ms`);
      for (const [name, { ask }] of Object.entries(all)) {
        const { status } = await ask();
        assert.notEqual(status, 503, name);
      }
      assert.match(log(), /database_back/);
      assert.equal(log().match(/database_unreachable/g)?.length, 1);
      assert.doesNotMatch(log(), /unexpected|TypeError|uncaught/i);
    });
  });
}

Deno.test("remembers checked tokens for a time during an outage, if the operator allows it", async (t) => {
  // Long enough for the steps on a busy machine, and then waited for.
  await using behind = await behindProxy(["--database-outage-grace", "20s"]);
  const { server: { issuer, server, alice }, proxy, api, token } = behind;
  const verify = (value: string) =>
    fetch(`${issuer}/auth/verify`, { headers: { authorization: `Bearer ${value}` } });
  const introspect = (value: string) =>
    fetch(`${issuer}/oauth/introspect`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${api.id}:${api.secret}`)}` },
      body: new URLSearchParams({ token: value }),
    });
  const status = async (response: Promise<Response>) => {
    const { status, body } = await response;
    await body?.cancel();
    return status;
  };
  assert.equal(await status(verify(token)), 200);
  const known = await introspect(token);
  assert.equal((await known.json()).active, true);
  assert.equal(known.headers.get("x-auth-check"), null);

  proxy.mode = "refuse";
  proxy.cut();
  await eventually("the outage", () => /database_unreachable/.test(server.running.stderr()));
  await t.step("accepts them, and says how it knows", async () => {
    const response = await verify(token);
    assert.equal(response.status, 200, await response.text());
    assert.equal(response.headers.get("x-auth-check"), "remembered");
    assert.ok(response.headers.get("x-auth-user"));
    const introspected = await introspect(token);
    assert.equal(introspected.headers.get("x-auth-check"), "remembered");
    assert.equal((await introspected.json()).active, true);
  });
  await t.step("but no others, and for nothing else", async () => {
    assert.equal(await status(verify(generatePersonalAccessToken())), 503);
    assert.equal(await status(introspect(generatePersonalAccessToken())), 503);
    const userinfo = fetch(`${issuer}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(await status(userinfo), 503);
    assert.equal(await alice.page("/tokens"), "internal_error");
  });
  await t.step("until the time is over", async () => {
    await eventually("the end", async () => await status(verify(token)) === 503);
    assert.equal(await status(introspect(token)), 503);
  });
  await t.step("and publishes its keys meanwhile", async () => {
    assert.equal(await status(fetch(`${issuer}/oauth/jwks`)), 200);
  });
  await t.step("checks them again after the outage", async () => {
    proxy.mode = "pass";
    const response = await eventually("an answer", async () => {
      const response = await verify(token);
      await response.body?.cancel();
      return response.status === 200 && response;
    });
    assert.equal(response.headers.get("x-auth-check"), null);
  });
});

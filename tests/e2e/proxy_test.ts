/**
 * Reverse proxies in front of a service without token validation: what they let through, which
 * headers the service gets, and what a rejected caller gets.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import postgres from "postgres";
import { insertPersonalAccessToken } from "../../server/store/pats/write.ts";
import {
  generatePersonalAccessToken,
  tokenPrefix,
} from "../../server/tokens/personal_access_token.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import { reverseProxies } from "../support/reverse_proxy.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { startWsgiService } from "../support/wsgi_service.ts";

const EMAIL = "alice@example.test";
const HOUR = 3_600_000;

/** What the service behind saw of a request. */
interface Seen {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** A service behind the proxy; answers with what it was asked. */
function startService(): AsyncDisposable & { port: number; requests: number } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (c) => {
    service.requests++;
    const { pathname, search } = new URL(c.url);
    const headers = Object.fromEntries(c.headers);
    const body = await c.text();
    const seen: Seen = { method: c.method, path: pathname + search, headers, body };
    return Response.json(seen);
  });
  const service = {
    port: server.addr.port,
    requests: 0,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return service;
}

/** Two replicas of the server on one PostgreSQL, with a user. */
async function startReplicas() {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const { url: databaseUrl } = cleanUp.use(await createDatabase());
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy"\nread = "Read"\n');
  const replica = async (...args: string[]) =>
    cleanUp.use(
      await startServer({
        databaseUrl,
        dataDir: join(home.folder, "data"),
        args: ["--config", config, "--trusted-proxies", "127.0.0.1", ...args],
      }),
    );
  const first = await replica();
  const second = await replica("--issuer", first.issuer);
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  cleanUp.defer(() => sql.end());
  const userId = randomUUID();
  await sql`insert into users (id, email, name, created_at)
    values (${userId}, ${EMAIL}, 'Alice Example', ${new Date()})`;
  const owned = cleanUp.move();
  return {
    first,
    second: `http://127.0.0.1:${second.port}`,
    userId,
    async makeToken(
      { scope = "deploy read", expiresAt = Date.now() + HOUR, allowedAddresses = [] as string[] } =
        {},
    ) {
      const [id, token] = [randomUUID(), generatePersonalAccessToken()];
      const inserted = await insertPersonalAccessToken(sql, {
        id,
        owner: { kind: "user", id: userId },
        name: id,
        tokenHash: tokenHash(token),
        prefix: tokenPrefix(token),
        scope,
        audience: first.issuer,
        allowedAddresses,
        createdAt: new Date(Date.now() - 24 * HOUR),
        expiresAt: new Date(expiresAt),
      });
      assert.ok(inserted);
      return { id, token };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Those whose example requests no JWT for the service. */
const WITHOUT_JWT = new Set(["Envoy"]);

for (const [name, startProxy] of Object.entries(reverseProxies)) {
  const sendsJwt = !WITHOUT_JWT.has(name);
  Deno.test({
    name: `${name} validates each token, and sends its user to the service`,
    ignore: Deno.build.os !== "linux",
    async fn(t) {
      await using servers = await startReplicas();
      await using service = startService();
      const ports = { auth: servers.first.port, upstream: service.port };
      await using proxy = await startProxy(ports);
      const { issuer } = servers.first;
      const good = await servers.makeToken();
      const ask = async (token?: string, path = "/", init: RequestInit = {}) => {
        const headers = new Headers(init.headers);
        if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
        const response = await fetch(proxy.url + path, { ...init, headers });
        const text = await response.text();
        return { response, seen: () => JSON.parse(text) as Seen };
      };
      const allowed = async (...request: Parameters<typeof ask>) => {
        const { response, seen } = await ask(...request);
        assert.equal(response.status, 200);
        return seen();
      };
      /** The one challenge of a refusal, which the service never saw. */
      const refused = async (status: number, ...request: Parameters<typeof ask>) => {
        const before = service.requests;
        const { response } = await ask(...request);
        assert.equal(response.status, status);
        assert.equal(service.requests, before);
        return response.headers.get("www-authenticate");
      };
      const verifiedJwt = (jwt: string) =>
        jwtVerify(jwt, createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`)), {
          issuer,
          audience: issuer,
        });

      await t.step("passes a valid token, with method, path and body", async () => {
        const seen = await allowed(good.token, "/a%20b?scope=none&jwt=0", {
          method: "POST",
          body: "a body",
        });
        assert.equal(seen.method, "POST");
        assert.equal(seen.path, "/a%20b?scope=none&jwt=0");
        assert.equal(seen.body, "a body");
        assert.equal(seen.headers["x-auth-user"], servers.userId);
        assert.equal(seen.headers["x-auth-username"], EMAIL);
        assert.equal(seen.headers["x-auth-client"], `pat-${good.id}`);
        assert.equal(seen.headers["x-auth-scope"], "deploy read");
        assert.equal(seen.headers["authorization"], undefined);
      });

      await t.step({
        name: "the service gets a JWT that the key set verifies",
        ignore: !sendsJwt,
        async fn() {
          const { headers } = await allowed(good.token);
          const { payload } = await verifiedJwt(headers["x-auth-jwt"]);
          assert.equal(payload.sub, servers.userId);
          assert.equal(payload.scope, "deploy read");
          assert.ok(payload.exp! * 1000 <= Date.now() + 300_000);
        },
      });

      await t.step("passes a JWT unchanged", async () => {
        const answer = await fetch(`${issuer}/oauth/token`, {
          method: "POST",
          body: new URLSearchParams({
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
            subject_token: good.token,
          }),
        });
        const { access_token: jwt } = await answer.json();
        const { headers } = await allowed(jwt);
        assert.equal(headers["x-auth-user"], servers.userId);
        if (sendsJwt) assert.equal(headers["x-auth-jwt"], jwt);
        await verifiedJwt(jwt);
        const forged = jwt.slice(0, -8) + (jwt.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA");
        assert.match((await refused(401, forged))!, /error="invalid_token"/);
      });

      await t.step("removes a caller's own identity headers", async () => {
        const forged = Object.fromEntries(
          ["User", "Username", "Client", "Scope", "JWT"].map((part) => [`X-Auth-${part}`, "root"]),
        );
        const { headers } = await allowed(good.token, "/", { headers: forged });
        const { headers: plain } = await allowed(good.token);
        for (const part of Object.keys(forged)) {
          const key = part.toLowerCase();
          assert.equal(headers[key], plain[key], part);
          assert.doesNotMatch(headers[key] ?? "", /root/, part);
        }
      });

      await t.step("distinguishes no token, an unknown one and an expired one", async () => {
        assert.equal(await refused(401), "Bearer");
        const unknown = await refused(401, generatePersonalAccessToken());
        assert.match(unknown!, /error="invalid_token"/);
        const expired = await servers.makeToken({ expiresAt: Date.parse("2024-01-02T03:04:05Z") });
        const challenge = await refused(401, expired.token);
        assert.match(challenge!, /^Bearer error="invalid_token", .*2024-01-02T03:04:05Z/);
      });

      await t.step("rejects a token without the scope, on any request", async () => {
        const { token } = await servers.makeToken({ scope: "read" });
        for (const path of ["/", "/?scope=read", "/auth/verify/?scope=read"]) {
          const challenge = await refused(403, token, path, {
            headers: { "x-auth-required-scope": "read" },
          });
          assert.match(challenge!, /^Bearer error="insufficient_scope"/);
          assert.match(challenge!, /error_description=".* deploy\. /);
        }
      });

      await t.step("checks allowed addresses against the caller's", async () => {
        const here = await servers.makeToken({ allowedAddresses: ["127.0.0.1/32"] });
        await allowed(here.token);
        const elsewhere = await servers.makeToken({ allowedAddresses: ["203.0.113.0/24"] });
        const challenge = await refused(401, elsewhere.token, "/", {
          headers: { "x-forwarded-for": "203.0.113.5" },
        });
        assert.match(challenge!, /error="invalid_token"/);
      });

      await t.step("rejects a token within a second after another replica revoked it", async () => {
        const { token } = await servers.makeToken();
        await allowed(token);
        const answer = await fetch(`${servers.second}/api/v1/revocations`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ token }),
        });
        assert.deepEqual(await answer.json(), { revoked: true });
        const isRefused = async () => (await ask(token)).response.status === 401;
        // A busy machine has more than the second that we promise.
        await eventually("the token is denied", isRefused, 10_000);
        assert.match((await refused(401, token))!, /error="invalid_token", .*20\d\d-\d\d-\d\dT/);
        await allowed(good.token);
      });
    },
  });
}

/** Characters that a header's name may have besides letters and digits (RFC 9110 section 5.6.2). */
const SEPARATORS = [..."!#$%&'*+-.^_`|~"];

/** Each name that a service may read as `X-Auth-<part>`: it folds all characters except letters and digits. */
function spellings(part: string): string[] {
  return SEPARATORS.flatMap((first) =>
    SEPARATORS.flatMap((second) => {
      const name = `X${first}Auth${second}${part}`;
      return [name, name.toLowerCase(), name.toUpperCase()];
    })
  );
}

/** Lines that a lenient parser could take for the header; it is refused, or the line is dropped. */
const MALFORMED = [
  "X-Auth-User : root",
  "X_Auth_User\t: root",
  "X-Auth-User\u000b: root",
  " X-Auth-User: root",
  "X-Auth-User:\r\n root",
  "X-Auth-User: root\r\nX_Auth_User: root",
];

for (const [name, startProxy] of Object.entries(reverseProxies)) {
  Deno.test({
    name: `${name} sends a WSGI service only the token's identity, however a header is spelled`,
    ignore: Deno.build.os !== "linux",
    async fn(t) {
      await using servers = await startReplicas();
      await using service = await startWsgiService();
      await using proxy = await startProxy({ auth: servers.first.port, upstream: service.port });
      const { token } = await servers.makeToken();
      const identity = {
        HTTP_X_AUTH_USER: servers.userId,
        HTTP_X_AUTH_USERNAME: EMAIL,
        HTTP_X_AUTH_SCOPE: "deploy read",
      };
      /** The variables that a service could take for ours; undefined if it was not asked. */
      const seen = async (...lines: string[]) => {
        const answer = await rawRequest(proxy.url, [`Authorization: Bearer ${token}`, ...lines]);
        if (!/^HTTP\/1\.[01] 200/.test(answer)) {
          // A line that goes on with the one before it spoils the token there.
          assert.match(answer, /^HTTP\/1\.[01] 40[01]/, lines.join());
          return undefined;
        }
        const variables = JSON.parse(/\{.*\}/.exec(answer)![0]) as Record<string, string>;
        const folded = new Map(
          Object.entries(variables).map(([name, value]) =>
            [name.replaceAll(/[^A-Z0-9]/gi, "_").toUpperCase(), value] as const
          ),
        );
        const ours = [...folded].filter(([name]) => name.startsWith("HTTP_X_AUTH_"));
        return Object.fromEntries(ours);
      };
      const honest = (await seen())!;
      for (const [variable, value] of Object.entries(identity)) {
        assert.equal(honest[variable], value);
      }
      const genuine = Object.keys(honest).sort();

      await t.step("under another spelling", async () => {
        for (const forged of ["User", "Username", "JWT"].flatMap(spellings)) {
          const variables = (await seen(`${forged}: root`))!;
          assert.deepEqual(Object.keys(variables).sort(), genuine, forged);
          assert.ok(!Object.values(variables).some((value) => value.includes("root")), forged);
        }
      });

      await t.step("in a malformed line", async () => {
        for (const line of MALFORMED) {
          const variables = await seen(line);
          if (variables === undefined) continue;
          assert.deepEqual(Object.keys(variables).sort(), genuine, line);
          assert.ok(!Object.values(variables).some((value) => value.includes("root")), line);
        }
      });

      await t.step("and removes none that is named as a header of the connection", async () => {
        for (const named of ["X-Auth-User", "close, x-auth-user, X-Auth-JWT", "X-AUTH-USERNAME"]) {
          const variables = (await seen(`Connection: ${named}`))!;
          assert.deepEqual(Object.keys(variables).sort(), genuine, named);
          assert.equal(variables.HTTP_X_AUTH_USER, servers.userId);
        }
      });
    },
  });
}

/** Sends a request with these lines as they are, and reads until the proxy closes. */
async function rawRequest(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port, host } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const closes = lines.some((line) => line.startsWith("Connection:")) ? [] : ["Connection: close"];
  const head = ["GET / HTTP/1.0", `Host: ${host}`, ...closes, ...lines, "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(head));
  return await new Response(connection.readable).text();
}

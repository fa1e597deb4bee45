import { strict as assert } from "node:assert";
import { accessTokenExpiry } from "../../../client/oauth/access_token_expiry.ts";
import { ClientError } from "../../../client/errors.ts";
import {
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../../../client/credentials/store.ts";
import { freshCredentials, RENEW_NOW } from "../../../client/oauth/refresh.ts";
import type { LoginStore } from "../../../client/oauth/stored_login.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { jwt } from "../../support/client_home.ts";
import { type MemoryIo, memoryIo } from "../../support/fake_client_io.ts";
import { type Scripted, ScriptedServer } from "../../support/scripted_server.ts";

const MINUTE = 60_000;

/** One login in memory, with a lock that lets one caller in after the other. */
class MemoryPlace implements LoginStore {
  readonly writes: Credentials[] = [];
  deletes = 0;
  /** Whether nothing can be stored. */
  full = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(public credentials: Credentials | undefined) {}

  readonly store: CredentialStore = {
    kind: "file",
    description: "memory",
    get: () => Promise.resolve(this.credentials),
    set: (_key, credentials) => {
      if (this.full) return Promise.reject(new CredentialStoreError("full"));
      this.writes.push(credentials);
      this.credentials = credentials;
      return Promise.resolve();
    },
    checkWritable: () =>
      this.full ? Promise.reject(new CredentialStoreError("full")) : Promise.resolve(),
    delete: () => {
      this.deletes++;
      this.credentials = undefined;
      return Promise.resolve();
    },
    getRequested: () => Promise.resolve(undefined),
    setRequested: () => Promise.resolve(),
    deleteRequested: () => Promise.resolve(),
  };

  withLock = <T>(_key: unknown, critical: () => Promise<T>): Promise<T> => {
    const result = this.#queue.then(critical);
    this.#queue = result.catch(() => {});
    return result;
  };
}

function login(io: MemoryIo, lifeLeft: number): Credentials {
  return {
    accessToken: "old-access",
    accessTokenExpiresAt: io.clock.now() + lifeLeft,
    scope: "openid offline_access",
    refreshToken: "old-refresh",
  };
}

const renewed: Scripted = {
  json: {
    access_token: "new-access",
    refresh_token: "new-refresh",
    token_type: "Bearer",
    expires_in: 900,
    scope: "openid offline_access",
  },
};

async function failure(attempt: Promise<unknown>): Promise<ClientError> {
  const error = await attempt.then(() => undefined, (error) => error);
  assert.ok(error instanceof ClientError, `no ClientError but ${error}`);
  return error;
}

Deno.test("returns a token with enough life left without a request", async () => {
  await using server = new ScriptedServer();
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 60_000));
  const key = { server: server.issuer, account: "alice" };
  assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "old-access");
  assert.equal(server.asked.length, 0);
});

Deno.test("renews a token with too little life left, and counts its lifetime from receipt", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", {
    json: { ...(renewed as { json: object }).json, login_name: "Work\u202elaptop" },
  });
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 59_999));
  const key = { server: server.issuer, account: "alice" };
  const credentials = await freshCredentials(key, MINUTE, place, io);
  assert.deepEqual(credentials, {
    accessToken: "new-access",
    accessTokenExpiresAt: io.clock.now() + 900_000,
    accessTokenLifetime: 900_000,
    scope: "openid offline_access",
    loginName: "Work laptop",
    refreshToken: "new-refresh",
  });
  assert.deepEqual(place.credentials, credentials);
  assert.deepEqual(server.askedAt("/oauth/token")[0].form, {
    client_id: brand.cliClientId,
    grant_type: "refresh_token",
    refresh_token: "old-refresh",
  });
});

Deno.test("renews once for fifty concurrent callers, whatever --min-ttl is", async () => {
  for (const minTtl of [MINUTE, 3600_000]) {
    await using server = new ScriptedServer();
    server.script("/oauth/token", renewed);
    const io = memoryIo();
    const place = new MemoryPlace(login(io, 1000));
    const key = { server: server.issuer, account: "alice" };
    const all = await Promise.all(
      Array.from({ length: 50 }, () => freshCredentials(key, minTtl, place, io)),
    );
    assert.deepEqual([...new Set(all.map(({ accessToken }) => accessToken))], ["new-access"]);
    assert.equal(server.askedAt("/oauth/token").length, 1);
  }
});

Deno.test("does not return a token of another process that has expired as well", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", renewed);
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 1000));
  const { withLock } = place;
  // We wait for the lock while another process renews, and then for longer than that lives.
  place.withLock = (key, critical) => {
    place.credentials = { ...login(io, 0), accessToken: "of-another-process" };
    return withLock(key, critical);
  };
  const key = { server: server.issuer, account: "alice" };
  assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "new-access");
});

Deno.test("never deletes credentials after a network or server failure", async () => {
  const troubles: Scripted[] = [
    "lost",
    { status: 500, json: {} },
    { status: 503, json: { error: "temporarily_unavailable" } },
    { status: 429, json: {} },
  ];
  for (const trouble of troubles) {
    await using server = new ScriptedServer();
    server.script("/oauth/token", trouble);
    const io = memoryIo();
    const place = new MemoryPlace(login(io, 0));
    const key = { server: server.issuer, account: "alice" };
    const error = await failure(freshCredentials(key, MINUTE, place, io));
    assert.equal(error.exitCode, EXIT.temporaryFailure);
    assert.equal(place.credentials?.refreshToken, "old-refresh");
    assert.equal(place.deletes + place.writes.length, 0);
  }
});

Deno.test("keeps the login if the server cannot be reached, whatever step failed", async () => {
  const steps: [string, number][] = [
    ["dns error: failed to lookup address information: Name or service not known", EXIT.failure],
    ["invalid peer certificate: Expired", EXIT.failure],
    ["tcp connect error: Connection refused (os error 111)", EXIT.temporaryFailure],
  ];
  for (const [step, exitCode] of steps) {
    const io = memoryIo({
      fetch: () => Promise.reject(new TypeError(`client error (Connect): ${step}`)),
    });
    const key = { server: "https://auth.example.com", account: "alice" };
    const alive = new MemoryPlace(login(io, 30_000));
    assert.equal((await freshCredentials(key, MINUTE, alive, io)).accessToken, "old-access");
    assert.match(io.err, /^Warning: .*for another 30 s\.\n$/);
    const dead = new MemoryPlace(login(io, 0));
    const error = await failure(freshCredentials(key, MINUTE, dead, io));
    assert.equal(error.exitCode, exitCode, step);
    assert.equal(dead.credentials?.refreshToken, "old-refresh");
  }
});

Deno.test("returns a valid token with a warning if it cannot be renewed", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", { status: 503, json: {} });
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 30_000));
  const key = { server: server.issuer, account: "alice" };
  assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "old-access");
  assert.match(io.err, /^Warning: .*for another 30 s\.\n$/);
});

Deno.test("renews an expired token when a busy server says, and does not wait for a valid one", async () => {
  const busy: Scripted = {
    status: 503,
    json: { error: "temporarily_unavailable" },
    headers: { "retry-after": "4" },
  };
  for (const [lifeLeft, pauses, token] of [[0, 1, "new-access"], [30_000, 0, "old-access"]]) {
    await using server = new ScriptedServer();
    server.script("/oauth/token", busy, renewed);
    const io = memoryIo();
    const place = new MemoryPlace(login(io, Number(lifeLeft)));
    const key = { server: server.issuer, account: "alice" };
    assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, token);
    assert.equal(io.sleeps.length, pauses);
    const sent = server.askedAt("/oauth/token").map(({ form }) => form.refresh_token);
    assert.deepEqual(new Set(sent), new Set(["old-refresh"]));
  }
  await using server = new ScriptedServer();
  server.script("/oauth/token", { ...busy, headers: { "retry-after": "600" } });
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 0));
  const key = { server: server.issuer, account: "alice" };
  const error = await failure(freshCredentials(key, MINUTE, place, io));
  assert.equal(error.exitCode, EXIT.temporaryFailure);
  assert.match(error.message, /10 min/);
  assert.deepEqual([io.sleeps.length, place.credentials?.refreshToken], [0, "old-refresh"]);
});

Deno.test("repeats a renewal with the same refresh token after a lost answer", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", "lost", renewed);
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 0));
  const key = { server: server.issuer, account: "alice" };
  await failure(freshCredentials(key, MINUTE, place, io));
  assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "new-access");
  assert.deepEqual(
    server.askedAt("/oauth/token").map(({ form }) => form.refresh_token),
    ["old-refresh", "old-refresh"],
  );
});

Deno.test("deletes the credentials only after invalid_grant", async () => {
  for (const code of ["invalid_grant", "invalid_client", "invalid_request", "server_error"]) {
    await using server = new ScriptedServer();
    server.script("/oauth/token", { status: 400, json: { error: code } });
    const io = memoryIo();
    const place = new MemoryPlace(login(io, 0));
    const key = { server: server.issuer, account: "alice" };
    const error = await failure(freshCredentials(key, MINUTE, place, io));
    if (code === "invalid_grant") {
      assert.equal(error.code, "login_expired");
      assert.equal(error.exitCode, EXIT.authenticationRequired);
      assert.equal(place.deletes, 1);
    } else {
      assert.equal(error.exitCode, EXIT.failure);
      assert.equal(place.deletes, 0, code);
    }
  }
});

Deno.test("uses a login without a refresh token until its access token expires", async () => {
  await using server = new ScriptedServer();
  const io = memoryIo();
  const place = new MemoryPlace({ ...login(io, 10_000), refreshToken: undefined });
  const key = { server: server.issuer, account: "alice" };
  assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "old-access");
  io.clock.advance({ seconds: 10 });
  const error = await failure(freshCredentials(key, MINUTE, place, io));
  assert.equal(error.code, "login_expired");
  assert.equal(server.asked.length, 0);
});

Deno.test("keeps the refresh token if the server does not rotate it", async () => {
  await using server = new ScriptedServer();
  const json = { access_token: "new-access", token_type: "bearer", expires_in: 900 };
  server.script("/oauth/token", { json });
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 0));
  await freshCredentials({ server: server.issuer, account: "alice" }, MINUTE, place, io);
  assert.equal(place.credentials?.refreshToken, "old-refresh");
  assert.equal(place.credentials?.scope, "openid offline_access");
});

Deno.test("renews nothing after a concurrent logout", async () => {
  await using server = new ScriptedServer();
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 0));
  const key = { server: server.issuer, account: "alice" };
  const logout = place.withLock(key, () => place.store.delete(key));
  const error = await failure(freshCredentials(key, MINUTE, place, io));
  await logout;
  assert.match(error.message, /^Not logged in/);
  assert.equal(server.asked.length, 0);
});

const LATER = 3600_000;

Deno.test("does not use a refresh token if its successor cannot be stored", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", renewed);
  const key = { server: server.issuer, account: "alice" };
  for (const lifeLeftMs of [0, 30_000]) {
    const io = memoryIo();
    const place = new MemoryPlace(login(io, lifeLeftMs));
    place.full = true;
    const attempt = freshCredentials(key, MINUTE, place, io);
    if (lifeLeftMs > 0) assert.equal((await attempt).accessToken, "old-access");
    else await assert.rejects(attempt, CredentialStoreError);
  }
  assert.equal(server.askedAt("/oauth/token").length, 0);
});

Deno.test("returns a valid token whatever prevents its renewal", async () => {
  const answers: Scripted[] = [
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => new Response("<html>", { status: 403 }),
    { status: 400, json: { error: "invalid_client" } },
    { json: { access_token: "no type" } },
  ];
  for (const answer of answers) {
    await using server = new ScriptedServer();
    server.script("/oauth/token", answer);
    const io = memoryIo();
    const place = new MemoryPlace(login(io, 30_000));
    const key = { server: server.issuer, account: "alice" };
    assert.equal((await freshCredentials(key, MINUTE, place, io)).accessToken, "old-access");
    assert.match(io.err, /^Warning: /);
  }
  const io = memoryIo();
  const { store } = new MemoryPlace(login(io, 30_000));
  const withLock = () => Promise.reject(new CredentialStoreError("the lock cannot be taken"));
  const key = { server: "http://127.0.0.1:1", account: "alice" };
  const credentials = await freshCredentials(key, MINUTE, { store, withLock }, io);
  assert.equal(credentials.accessToken, "old-access");
});

Deno.test("renews a token that was received when the clock was ahead", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", renewed);
  const io = memoryIo();
  io.clock.advance({ days: 1 });
  const place = new MemoryPlace(login(io, 0));
  const key = { server: server.issuer, account: "alice" };
  await freshCredentials(key, MINUTE, place, io);
  io.clock.advance({ days: -1 });
  const { remainingMs, clockChanged } = accessTokenExpiry(place.credentials!, io.clock.now());
  assert.deepEqual([remainingMs <= 900_000, clockChanged], [true, true]);
  const { accessTokenExpiresAt } = await freshCredentials(key, MINUTE, place, io);
  assert.equal(accessTokenExpiresAt, io.clock.now() + 900_000);
  assert.equal(server.askedAt("/oauth/token").length, 2);
});

Deno.test("uses the exp of a JWT after the clock was set back", () => {
  const now = Date.UTC(2026, 10, 24);
  const seconds = now / 1000;
  const life = (claims: Record<string, unknown>) =>
    accessTokenExpiry({
      accessToken: jwt(claims),
      accessTokenExpiresAt: now + 86_400_000,
      scope: "",
    }, now);
  assert.equal(life({ iat: seconds - 300, exp: seconds + 600 }).remainingMs, 600_000);
  assert.ok(life({ iat: seconds - 1000, exp: seconds - 100 }).remainingMs <= 0);
  // More than the whole lifetime left: the clock is behind now, and the token new.
  assert.equal(life({ iat: seconds + 5000, exp: seconds + 5900 }).remainingMs, 900_000);
});

Deno.test("does not renew at every call if the server's tokens never live as long as --min-ttl", async () => {
  await using server = new ScriptedServer();
  server.script("/oauth/token", renewed);
  const io = memoryIo();
  const place = new MemoryPlace(login(io, 0));
  const key = { server: server.issuer, account: "alice" };
  for (const minTtl of [900_000, LATER, 24 * LATER]) {
    for (let call = 0; call < 3; call++) await freshCredentials(key, minTtl, place, io);
  }
  assert.equal(server.askedAt("/oauth/token").length, 1);
  io.clock.advance({ seconds: 451 });
  await freshCredentials(key, LATER, place, io);
  assert.equal(server.askedAt("/oauth/token").length, 2);
  await freshCredentials(key, RENEW_NOW, place, io);
  assert.equal(server.askedAt("/oauth/token").length, 3);
});

/** Every problem of the REST API: its status, type, title and detail. */
import assert from "node:assert/strict";
import { PROBLEM_TYPES, toProblem } from "../../../server/api/problem.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { databaseKinds } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const TOKENS = "/api/v1/tokens";
const GITHUB = "/api/v1/secret-scanning/github";

/** Collects problems, as one text. */
class ProblemLog {
  readonly types = new Set<string>();
  readonly #entries: string[] = [];

  constructor(private readonly server: TestServer) {}

  async add(
    name: string,
    ...request: Parameters<typeof call> extends [unknown, ...infer R] ? R
      : never
  ): Promise<void> {
    const response = await call(this.server, ...request);
    assert.match(response.headers.get("content-type") ?? "", /problem\+json/, name);
    const { type, title, status, detail, ...members } = response.body;
    assert.equal(status, response.status);
    const kind = type.replace(`${ISSUER}/api/docs#`, "");
    this.types.add(kind);
    const lines = [`==== ${name}`, `${status} ${kind}: ${title}`, detail];
    for (const header of ["retry-after", "allow", "www-authenticate"]) {
      const value = response.headers.get(header);
      if (value !== null) lines.push(`${header}: ${value}`);
    }
    if (Object.keys(members).length > 0) lines.push(JSON.stringify(members));
    this.#entries.push(withoutIds(lines.join("\n")));
  }

  text(): string {
    return `${this.#entries.join("\n\n")}\n`;
  }
}

/** Ids, names and digests of this run. */
function withoutIds(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");
}

Deno.test("the text of every problem of the REST API", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    describeScopes(config);
    config.personalAccessTokens.maxLifetime = 30 * 86_400;
    config.personalAccessTokens.defaultLifetime = 86_400;
    config.personalAccessTokens.maxPerOwner = 5;
    config.deviceFlow.freshSignInSeconds = 60;
  });
  const { sql } = server.parts;
  server.outgoing = () => Promise.reject(new TypeError("unreachable"));
  const problems = new ProblemLog(server);
  const alice = await addPerson(server);
  const admin = await addPerson(server, { admin: true });
  const now = new Date(server.clock.now());
  await createServiceAccount(sql, { name: "ci", scope: "deploy", now });
  const pat = await createPat(server, alice);
  const body = { name: "CI", scopes: ["deploy"] };
  const create = (name: string, change: Record<string, unknown>, token = alice.management) =>
    problems.add(name, token, "POST", TOKENS, { ...body, ...change });

  await problems.add("no token", undefined, "GET", TOKENS);
  await problems.add("unknown token", "nonsense", "GET", TOKENS);
  await problems.add("personal access token", pat.token, "GET", TOKENS);
  await problems.add("token for the operator's API", alice.login, "GET", TOKENS);
  const readOnly = await server.approveManagement(alice.id, MANAGEMENT_SCOPES.read);
  await create("approval that does not cover the operation", {}, readOnly.access_token);
  const started = await server.startLogin(MANAGEMENT_SCOPES.write, {
    resource: managementResource(ISSUER),
  });
  await server.decide(started.user_code, alice.id);
  server.clock.advance({ seconds: 61 });
  const stale = await server.poll(started.device_code);
  await create("sign-in that is too old", {}, stale.body.access_token);
  await problems.add("unknown operation", alice.login, "GET", "/api/v2");
  await problems.add("wrong method", alice.login, "PUT", TOKENS, {});
  await problems.add("not JSON", alice.management, "POST", TOKENS, "[");
  await problems.add("other content type", alice.management, "POST", TOKENS, "x", {
    "content-type": "text/plain",
  });
  await problems.add("too large", alice.management, "POST", TOKENS, " ".repeat(70_000));
  await problems.add("missing members", alice.management, "POST", TOKENS, {});
  await create("members that do not match the schema", {
    name: 1,
    scopes: [""],
    expires_in: 0,
    color: "red",
  });
  await create("text that cannot be stored", { name: "a\0b" });
  await problems.add("query", alice.management, "GET", `${TOKENS}?limit=0&created_by=me`);
  await problems.add("cursor", alice.management, "GET", `${TOKENS}?cursor=nonsense`);
  await create("empty name", { name: " " });
  await create("name too long", { name: "x".repeat(101) });
  await create("invisible characters", { name: "a\u202eb" });
  await create("unknown scope", { scopes: ["nonsense"] });
  await create("scope of administrators", { scopes: ["operate"] });
  const other = await server.approveManagement(alice.id, `${MANAGEMENT_SCOPES.write} read`);
  await create("scope that was not approved", {}, other.access_token);
  await create("too long a lifetime", { expires_in: 31 * 86_400 });
  await create("no expiry", { expires_in: null });
  await create("address", { allowed_addresses: ["10.0.0.0/99"] });
  await create("service account, as a user", { owner: "ci" });
  await create("unknown service account", { owner: "unknown" }, admin.management);
  await problems.add("all tokens, as a user", alice.management, "GET", `${TOKENS}?all=true`);
  await problems.add("unknown token id", alice.management, "GET", `${TOKENS}/nonsense`);
  const foreign = await createPat(server, admin);
  await problems.add("token of another user", alice.management, "GET", `${TOKENS}/${foreign.id}`);
  const path = `${TOKENS}/${pat.id}`;
  await problems.add("rotation for another user", admin.management, "POST", `${path}/rotate`, {
    overlap: 0,
  });
  await create("name of another active token", { name: "ci" });
  await problems.add("edit for another user", admin.management, "PATCH", path, { name: "x" });
  await problems.add("scopes that the token does not have", alice.management, "PATCH", path, {
    scopes: ["deploy", "read"],
  });
  await call(server, alice.management, "PATCH", path, { allowed_addresses: ["192.0.2.0/24"] });
  await problems.add("more addresses without approval", other.access_token, "PATCH", path, {
    allowed_addresses: [],
  });
  await problems.add("overlap", alice.management, "POST", `${path}/rotate`, { overlap: -1 });
  await call(server, alice.management, "POST", `${path}/rotate`, { overlap: 60 });
  await problems.add("second rotation", alice.management, "POST", `${path}/rotate`, { overlap: 0 });
  server.clock.advance({ seconds: 60 });
  await problems.add("rotation of an expired token", alice.management, "POST", `${path}/rotate`, {
    overlap: 0,
  });
  await problems.add("edit of an expired token", alice.management, "PATCH", path, { name: "x" });
  await call(server, admin.management, "DELETE", `${TOKENS}/${foreign.id}`);
  await problems.add(
    "rotation of a revoked token",
    admin.management,
    "POST",
    `${TOKENS}/${foreign.id}/rotate`,
    { overlap: 0 },
  );
  await problems.add("not a personal access token", alice.login, "GET", "/api/v1/token");

  const hash = { token_hash: "ab".repeat(32), owner: "ci", expires_at: "2026-12-01T00:00:00Z" };
  const importAs = (name: string, change: Record<string, unknown>, token = admin.management) =>
    problems.add(name, token, "POST", `${TOKENS}/import`, { ...body, ...hash, ...change });
  await importAs("import, as a user", {}, alice.management);
  await importAs("import for an unknown owner", { owner: "unknown" });
  await importAs("import with an invalid date", { expires_at: "soon" });
  await importAs("import with a date in the past", { expires_at: "2001-01-01T00:00:00Z" });
  await call(server, admin.management, "POST", `${TOKENS}/import`, { ...body, ...hash });
  await importAs("import of a known hash", {});
  await sql`update service_accounts set disabled_at = ${now}`;
  await create("disabled owner", { owner: "ci" }, admin.management);

  await problems.add("alert without a signature", undefined, "POST", GITHUB, []);
  const signature = { "github-public-key-identifier": "x", "github-public-key-signature": "x" };
  await problems.add("alert with a malformed signature", undefined, "POST", GITHUB, [], signature);
  await problems.add("alert while the keys cannot be fetched", undefined, "POST", GITHUB, [], {
    ...signature,
    "github-public-key-signature": `M${"A".repeat(20)}`,
  });
  const report = { token: pat.token };
  let status = 200;
  while (status === 200) {
    status = (await call(server, undefined, "POST", "/api/v1/revocations", report)).status;
  }
  await problems.add("too many reports", undefined, "POST", "/api/v1/revocations", report);

  const carol = await addPerson(server);
  for (let count = 0; count < 5; count++) await createPat(server, carol, { scopes: [] });
  await create("quota", {}, carol.management);
  await sql`update users set disabled_at = ${now} where id = ${carol.id}`;
  await create("disabled account", {}, carol.management);
  await assertGolden("api/problems.txt", problems.text());

  // The first needs a slow client; the other: tests/server/admin/managed_interfaces_test.ts.
  const missing = Object.keys(PROBLEM_TYPES).filter((type) => !problems.types.has(type));
  assert.deepEqual(missing.sort(), ["incomplete", "managed-by-file"]);
});

Deno.test("every code of a DomainError has a problem", () => {
  const statuses = Object.fromEntries(
    ([
      "invalid",
      "forbidden",
      "insufficient_scope",
      "not_found",
      "conflict",
      "rate_limited",
      "unavailable",
    ] as const).map((code) => [code, toProblem(new DomainError(code, "message")).status]),
  );
  assert.deepEqual(statuses, {
    invalid: 422,
    forbidden: 403,
    insufficient_scope: 403,
    not_found: 404,
    conflict: 409,
    rate_limited: 429,
    unavailable: 503,
  });
});

/** A million tokens: validation and lists still only read an index. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { findTokensForValidation } from "../../../server/store/pats/find.ts";
import { brand } from "../../../shared/brand.ts";
import { databaseKinds } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

const MANY = 1_000_000;

/** Only the newest PostgreSQL: filling the table takes most of the time. */
const newest = databaseKinds.at(-1)!;

Deno.test(`validates and lists one of a million tokens as fast as of one (${newest.name})`, async () => {
  await using database = await newest.create();
  await using server = await testServer(database.location, describeScopes);
  const { sql, clock } = server.parts;
  const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
  const prefix = brand.tokenPrefixes.personalAccessToken;
  await sql.begin(async (tx) => {
    await tx`set local statement_timeout = 0`;
    await tx`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, expires_at)
    select gen_random_uuid(), ${admin.id}::uuid, 'job ' || n, sha256(n::text::bytea),
      ${prefix} || n, 'deploy', '', ${new Date(clock.now())}::timestamptz - n * interval '1 second',
      ${new Date(clock.now() + 86_400_000)}::timestamptz
    from generate_series(1, ${MANY}::int) n`;
  });
  await sql`analyze personal_access_tokens`;
  const pat = await createPat(server, alice);

  const duration = async (act: () => Promise<unknown>) => {
    const start = performance.now();
    await act();
    return performance.now() - start;
  };
  const hash = createHash("sha256").update(pat.token).digest("hex");
  // The plan of the very statement, as the server's own code sends it.
  const plans: string[] = [];
  const explaining = new Proxy(sql, {
    apply(target, self, [strings, ...values]: [TemplateStringsArray, ...unknown[]]) {
      const [first, ...rest] = strings;
      const explainStrings = Object.assign([`explain ${first}`, ...rest], {
        raw: [`explain ${first}`, ...rest],
      });
      return Reflect.apply(target, self, [explainStrings, ...values]).then(
        (rows: Record<string, string>[]) => {
          plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
          return [];
        },
      );
    },
  });
  await findTokensForValidation(explaining, [hash]);
  assert.match(plans[0], /Index Scan using personal_access_tokens_token_hash_key/);
  assert.doesNotMatch(plans[0], /Seq Scan/);

  assert.equal((await verify(server, pat.token, "?scope=deploy")).status, 200);
  for (const path of ["/api/v1/tokens?all=true", "/api/v1/tokens?all=true&search=job 9"]) {
    const ms = await duration(async () => {
      const { body } = await call(server, admin.management, "GET", encodeURI(path));
      assert.equal(body.tokens.length, 50);
      assert.ok(body.next_cursor);
    });
    assert.ok(ms < 10_000, `${path}: ${ms} ms`);
  }
  const exact = encodeURI(`/api/v1/tokens?all=true&search=job ${MANY}`);
  const { body } = await call(server, admin.management, "GET", exact);
  assert.equal(body.tokens.length, 1);
});

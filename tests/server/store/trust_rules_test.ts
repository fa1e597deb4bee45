import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TrustRule } from "../../../server/federation/trust_rule.ts";
import {
  countRulesOfAccount,
  deleteTrustRule,
  findTrustRule,
  insertTrustRule,
  listTrustRules,
  longestRuleLifetime,
  setTrustRuleDisabled,
  trustRuleExists,
  trustRulesOfIssuer,
  updateTrustRule,
} from "../../../server/store/trust_rules.ts";
import { deleteOldAssertions, recordJti } from "../../../server/store/used_assertions.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const ISSUER = "https://ci.example";

async function newRule(
  { at, addServiceAccount }: TestStore,
  change: Partial<TrustRule> = {},
): Promise<TrustRule> {
  return {
    id: randomUUID(),
    name: "deploy",
    provider: "github",
    issuer: ISSUER,
    audience: "https://auth.example",
    conditions: [{ claim: "sub", operator: "equals", values: ["repo:a/b", "☃"] }],
    scope: "deploy",
    lifetimeSeconds: 600,
    principal: { kind: "service_account", id: (await addServiceAccount()).id },
    enabledUntil: undefined,
    disabledAt: undefined,
    managedBy: undefined,
    createdAt: at({}),
    ...change,
  };
}

testStore("trust_rules and used_assertions", {
  async "returns a rule as it was inserted"(store) {
    const rule = await newRule(store, { enabledUntil: store.at({ days: 1 }) });
    assert.equal(await insertTrustRule(store.sql, rule), true);
    assert.deepEqual(await trustRulesOfIssuer(store.sql, ISSUER), [rule]);
    assert.deepEqual(await trustRulesOfIssuer(store.sql, `${ISSUER}/`), []);
  },
  async "inserts one rule of many at the same time with one name"(store) {
    const rules = await Promise.all(Array.from({ length: 10 }, () => newRule(store)));
    await store.openConnections();
    const inserted = await Promise.all(rules.map((rule) => insertTrustRule(store.sql, rule)));
    assert.equal(inserted.filter(Boolean).length, 1);
    assert.equal(await trustRuleExists(store.sql, "deploy"), true);
    assert.equal(await trustRuleExists(store.sql, "Deploy"), false);
  },
  async "lists rules by age, with the names of their principals"(store) {
    const user = await store.addUser();
    const newer = await newRule(store, {
      name: "a",
      createdAt: store.at({ days: 1 }),
      principal: { kind: "user", id: user.id },
    });
    const older = await newRule(store, { name: "b", lifetimeSeconds: 900 });
    for (const rule of [newer, older]) await insertTrustRule(store.sql, rule);
    const rules = await listTrustRules(store.sql);
    assert.deepEqual(rules.map(({ name }) => name), ["b", "a"]);
    assert.equal(rules[1].principalName, user.email);
    assert.equal(await longestRuleLifetime(store.sql), 900);
  },
  async "updates what a rule grants, and keeps its name and account"(store) {
    const rule = await newRule(store);
    await insertTrustRule(store.sql, rule);
    const changed = {
      ...rule,
      issuer: `${ISSUER}/2`,
      audience: "other",
      conditions: [{ claim: "ref", operator: "glob" as const, values: ["v*"] }],
      scope: "read",
      lifetimeSeconds: 60,
      enabledUntil: store.at({ days: 2 }),
    };
    assert.equal(await updateTrustRule(store.sql, changed), true);
    const { principalName: _, ...row } = (await findTrustRule(store.sql, "deploy"))!;
    assert.deepEqual(row, changed);
    assert.equal(await countRulesOfAccount(store.sql, rule.principal.id), 1);
    assert.equal(await updateTrustRule(store.sql, { ...changed, id: randomUUID() }), false);
    assert.equal(await findTrustRule(store.sql, "Deploy"), undefined);
  },
  async "keeps the time at which a rule was disabled until it is enabled"(store) {
    await insertTrustRule(store.sql, await newRule(store));
    const set = (disabled: boolean, days: number) =>
      setTrustRuleDisabled(store.sql, { name: "deploy", disabled, now: store.at({ days }) });
    const disabledAt = async () => (await findTrustRule(store.sql, "deploy"))!.disabledAt;
    assert.equal(await set(true, 1), true);
    assert.equal(await set(true, 2), true);
    assert.deepEqual(await disabledAt(), store.at({ days: 1 }));
    assert.equal(await set(false, 3), true);
    assert.equal(await disabledAt(), undefined);
    const other = { name: "other", disabled: true, now: store.at({}) };
    assert.equal(await setTrustRuleDisabled(store.sql, other), false);
  },
  async "deletes the named rule and returns it"(store) {
    const [rule, other] = [await newRule(store), await newRule(store, { name: "other" })];
    for (const inserted of [rule, other]) await insertTrustRule(store.sql, inserted);
    assert.deepEqual(await deleteTrustRule(store.sql, "deploy"), rule);
    assert.equal(await deleteTrustRule(store.sql, "deploy"), undefined);
    assert.equal((await listTrustRules(store.sql)).length, 1);
  },
  async "has no lifetime without rules"({ sql }) {
    assert.equal(await longestRuleLifetime(sql), 0);
  },

  async "accepts an assertion once of many times at the same time"({ sql, at, openConnections }) {
    await openConnections();
    const assertion = { issuer: ISSUER, jti: "one", expiresAt: at({ minutes: 5 }) };
    const accepted = await Promise.all(
      Array.from({ length: 10 }, () => recordJti(sql, assertion)),
    );
    assert.equal(accepted.filter(Boolean).length, 1);
  },
  async "accepts a repetition from the same caller only"({ sql, at }) {
    const record = (caller?: string) =>
      recordJti(sql, { issuer: ISSUER, jti: "one", caller, expiresAt: at({ minutes: 5 }) });
    assert.equal(await record("a"), true);
    assert.equal(await record("a"), true);
    assert.equal(await record("b"), false);
    assert.equal(await record(), false);
  },
  async "distinguishes issuers, and identifiers of any length and character"({ sql, at }) {
    const record = (issuer: string, jti: string) =>
      recordJti(sql, { issuer, jti, expiresAt: at({ minutes: 5 }) });
    assert.equal(await record(ISSUER, "\0☃".repeat(5000)), true);
    assert.equal(await record(ISSUER, "\0☃".repeat(5001)), true);
    assert.equal(await record(`${ISSUER}/2`, "\0☃".repeat(5000)), true);
    assert.equal(await record(ISSUER, "\0☃".repeat(5000)), false);
  },
  async "forgets assertions that expired before"({ sql, at }) {
    const record = (jti: string, minutes: number) =>
      recordJti(sql, { issuer: ISSUER, jti, expiresAt: at({ minutes }) });
    await record("old", 1);
    await record("new", 2);
    await deleteOldAssertions(sql, at({ minutes: 2 }), 10);
    assert.equal(await record("old", 1), true);
    assert.equal(await record("new", 2), false);
  },
});

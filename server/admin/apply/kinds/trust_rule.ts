import { formatScope, parseScope } from "../../../../shared/oauth/scope.ts";
import type { Fields, Value } from "../../../apply/field.ts";
import type { Danger } from "../../../apply/plan.ts";
import { DomainError } from "../../../domain_error.ts";
import { buildRule, type RuleOptions } from "../../../federation/build_rule.ts";
import type { Condition } from "../../../federation/condition.ts";
import { isProviderName, type ProviderName, providers } from "../../../federation/providers.ts";
import { findRuleRisks } from "../../../federation/rule_lint.ts";
import { lastUsesOfRules, listTrustRules } from "../../../store/trust_rules.ts";
import { findUserByEmail } from "../../../store/users.ts";
import { addTrustRule } from "../../trust/add_rule.ts";
import { setRuleDisabled } from "../../trust/disable_rule.ts";
import { editTrustRule } from "../../trust/edit_rule.ts";
import { removeTrustRule } from "../../trust/remove_rule.ts";
import type { ManagedKindHandler } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

/** A rule that was used since then is in use. */
const RECENTLY_MS = 30 * 86_400_000;

export const trustRule: ManagedKindHandler = {
  kind: "trust-rule",
  async read({ sql }) {
    const rules = await listTrustRules(sql);
    return new Map(rules.map((rule) => [rule.name, {
      fields: {
        provider: rule.provider,
        issuer: rule.issuer,
        audience: rule.audience,
        conditions: rule.conditions as unknown as Value[],
        scopes: parseScope(rule.scope) ?? [],
        lifetime: rule.lifetimeSeconds,
        serviceAccount: rule.principal.kind === "service_account" ? rule.principalName : null,
        user: rule.principal.kind === "user" ? rule.principalName : null,
        expires: rule.enabledUntil?.toISOString() ?? null,
        disabled: rule.disabledAt !== undefined,
      },
    }]));
  },
  async complete({ tx, issuer }, _name, declared) {
    const { provider, serviceAccount = null, user = null } = declared;
    if (!isProviderName(provider as string)) {
      return new DomainError(
        "invalid",
        `"${provider}" is not a known provider. Use ${
          providers.map(({ name }) => name).join(", ")
        }.`,
        { field: "provider" },
      );
    }
    if ((serviceAccount === null) === (user === null)) {
      return new DomainError(
        "invalid",
        "Name whom the workload acts as: service_account or user, and not both.",
        { field: user === null ? "serviceAccount" : "user" },
      );
    }
    const draft = await buildRule(
      provider as ProviderName,
      { conditions: [], ...declared } as unknown as RuleOptions,
      // A file says the same everywhere, whatever can be looked up from there.
      () => Promise.resolve(undefined),
    );
    if (draft instanceof DomainError) return draft;
    const owner = user === null ? undefined : await findUserByEmail(tx, user as string);
    return {
      provider,
      issuer: draft.issuer,
      audience: declared.audience ?? issuer,
      conditions: draft.conditions as unknown as Value[],
      scopes: declared.scopes,
      lifetime: declared.lifetime ?? 600,
      serviceAccount,
      user: owner?.email ?? user,
      expires: declared.expires ?? null,
      disabled: declared.disabled ?? false,
    };
  },
  async add(deps, name, after) {
    const added = await addTrustRule(deps, {
      name,
      ...ruleOf(after),
      provider: after.provider as ProviderName,
      enabledUntil: (after.expires as string | null) ?? undefined,
      serviceAccount: (after.serviceAccount as string | null) ?? undefined,
      userEmail: (after.user as string | null) ?? undefined,
      force: deps.force,
    });
    return refusal(added) ??
      (after.disabled ? refusal(await setRuleDisabled(deps, { name, disabled: true })) : undefined);
  },
  async change(deps, { name, after, changed }) {
    const isEdited = [...changed].some((property) => property !== "disabled");
    if (isEdited) {
      const edited = await editTrustRule(deps, {
        name,
        ...ruleOf(after),
        enabledUntil: after.expires as string | null,
        force: deps.force,
      });
      if (refusal(edited)) return refusal(edited);
    }
    if (!changed.has("disabled")) return undefined;
    return refusal(await setRuleDisabled(deps, { name, disabled: after.disabled === true }));
  },
  async remove(deps, name) {
    return refusal(await removeTrustRule(deps, { name }));
  },
  async removalDangers({ sql, clock }, name) {
    const used = (await lastUsesOfRules(sql, new Date(clock.now() - RECENTLY_MS))).get(name);
    if (used === undefined) return [];
    return [{
      code: "trust_rule_in_use",
      message: `Workloads have used it, last on ${used.toISOString().slice(0, 10)}: they get no ` +
        "tokens any more.",
      advice: "Disable it first, with disabled = true.",
    }];
  },
  additionDangers: (_deps, _name, after) => Promise.resolve(riskDangers(after)),
  changeDangers(_deps, { after, changed }) {
    const isWidened = changed.has("conditions") || changed.has("issuer");
    return Promise.resolve([
      ...changed.has("issuer")
        ? [{ code: "issuer_changed", message: "It trusts tokens of another issuer." }]
        : [],
      ...isWidened ? riskDangers(after) : [],
    ]);
  },
};

function riskDangers(after: Fields): Danger[] {
  return findRuleRisks({
    provider: after.provider as ProviderName,
    issuer: after.issuer as string,
    conditions: conditionsOf(after),
  }).map(({ message }) => ({ code: "risky_rule", message }));
}

function ruleOf(after: Fields) {
  return {
    issuer: after.issuer as string,
    audience: after.audience as string,
    conditions: conditionsOf(after),
    scope: formatScope(after.scopes as string[]),
    lifetimeSeconds: after.lifetime as number,
  };
}

function conditionsOf({ conditions }: Fields): Condition[] {
  return conditions as unknown as Condition[];
}

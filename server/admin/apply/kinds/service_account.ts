import { formatExactCount } from "../../../../shared/exact_count.ts";
import type { Danger } from "../../../apply/plan.ts";
import { formatScope, parseScope } from "../../../../shared/oauth/scope.ts";
import { countAccountBelongings } from "../../../store/account_belongings.ts";
import { listServiceAccounts } from "../../../store/service_accounts.ts";
import {
  addServiceAccount,
  setServiceAccountDisabled,
  updateServiceAccount,
} from "../../service_account_operations.ts";
import type { ApplyDeps, ManagedKindHandler } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

/**
 * Accounts are never deleted, since tokens and the audit log refer to them: one that a file no longer
 * declares is disabled.
 */
export const serviceAccount: ManagedKindHandler = {
  kind: "service-account",
  async read({ sql }) {
    const accounts = await listServiceAccounts(sql);
    return new Map(accounts.map(({ name, scope, disabledAt }) => [name, {
      fields: { scopes: parseScope(scope) ?? [], disabled: disabledAt !== undefined },
      ...disabledAt !== undefined && { isRetired: true as const },
    }]));
  },
  complete(_deps, _name, { scopes, disabled = false }) {
    return Promise.resolve({ scopes, disabled });
  },
  async add(deps, name, { scopes, disabled }) {
    const added = await addServiceAccount(deps, { name, scope: formatScope(scopes as string[]) });
    return refusal(added) ??
      (disabled
        ? refusal(await setServiceAccountDisabled(deps, { name, disabled: true }))
        : undefined);
  },
  async change(deps, { name, after, changed }) {
    if (changed.has("scopes")) {
      const scope = formatScope(after.scopes as string[]);
      const updated = await updateServiceAccount(deps, { name, scope });
      if (refusal(updated)) return refusal(updated);
    }
    if (!changed.has("disabled")) return undefined;
    const disabled = after.disabled === true;
    return refusal(await setServiceAccountDisabled(deps, { name, disabled }));
  },
  async remove(deps, name) {
    return refusal(await setServiceAccountDisabled(deps, { name, disabled: true }));
  },
  removalDangers: usageDangers,
  async changeDangers(deps, { name, after, changed }) {
    return changed.has("disabled") && after.disabled === true ? await usageDangers(deps, name) : [];
  },
};

async function usageDangers(
  { tx, clock, applying, declaredRules }: ApplyDeps,
  name: string,
): Promise<Danger[]> {
  const { tokens, rules } = await countAccountBelongings(tx, name, {
    now: new Date(clock.now()),
    removing: { manager: applying, kept: declaredRules },
  });
  const used = [[tokens, "token"], [rules, "trust rule"]] as const;
  const counts = used.filter(([count]) => count > 0)
    .map(([count, noun]) => formatExactCount(count, noun));
  if (counts.length === 0) return [];
  return [{
    code: "service_account_in_use",
    message: `The account is disabled: ${counts.join(" and ")} of it ${
      tokens + rules === 1 ? "stops" : "stop"
    } working.`,
    advice: "Move its workloads to another account first.",
  }];
}

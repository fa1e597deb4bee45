import { formatCount } from "../../../../shared/bounded_count.ts";
import type { Fields } from "../../../apply/field.ts";
import type { ScopeDescription } from "../../../scopes.ts";
import { countLoginsWithScope } from "../../../store/scope_belongings.ts";
import { listStoredScopes } from "../../../store/scopes.ts";
import { addScope, removeScope, updateScope } from "../../scope_operations.ts";
import type { ApplyDeps, ManagedKindHandler, Refusal } from "../managed_kind.ts";
import { scopeValue } from "./scope_value.ts";

/** Scopes of the default resource. */
export const scope: ManagedKindHandler = {
  kind: "scope",
  async read({ tx, config }) {
    const stored = await listStoredScopes(tx);
    return new Map([
      ...stored.map((scope) => [scope.name, { fields: fieldsOf(scope) }] as const),
      ...config.scopes.map((scope) =>
        [scope.name, { fields: fieldsOf(scope), inConfigFile: true as const }] as const
      ),
    ]);
  },
  complete(_deps, name, declared) {
    return Promise.resolve(fieldsOf({ name, ...declared } as unknown as ScopeDescription));
  },
  async add(deps, name, after) {
    return await reloaded(deps, await addScope(deps, toScope(name, after)));
  },
  async change(deps, { name, after }) {
    return await reloaded(deps, await updateScope(deps, toScope(name, after)));
  },
  async remove(deps, name) {
    return await reloaded(deps, await removeScope(deps, name));
  },
  async removalDangers({ tx, clock }, name) {
    const logins = await countLoginsWithScope(tx, name, new Date(clock.now()));
    if (logins === 0) return [];
    return [{
      code: "scope_in_use",
      message: `${formatCount(logins, "login")} ${logins === 1 ? "loses" : "lose"} it.`,
      advice: "Add the new scope beside it, and remove this one when nothing uses it.",
    }];
  },
};

async function reloaded(deps: ApplyDeps, refusal: Refusal): Promise<Refusal> {
  if (refusal === undefined) await deps.catalog.reload();
  return refusal;
}

function fieldsOf({ name: _, resource: __, ...scope }: ScopeDescription): Fields {
  const { description, roles, groups, clients, tokens, deviceFlow, factor } = scopeValue(scope);
  return {
    description,
    roles: roles ?? null,
    groups: groups ?? null,
    clients: clients ?? null,
    tokens: tokens ?? true,
    deviceFlow: deviceFlow ?? null,
    factor: factor ?? null,
  };
}

function toScope(name: string, fields: Fields): ScopeDescription {
  const present = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null),
  ) as unknown as Omit<ScopeDescription, "name">;
  return { name, ...scopeValue(present) as unknown as Omit<ScopeDescription, "name"> };
}

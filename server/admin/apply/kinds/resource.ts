import { formatCount } from "../../../../shared/bounded_count.ts";
import type { Value } from "../../../apply/field.ts";
import type { Danger } from "../../../apply/plan.ts";
import type { RegisteredResource } from "../../../resources/resource.ts";
import { countLoginsWithScope } from "../../../store/scope_belongings.ts";
import { countResourceBelongings } from "../../../store/resource_belongings.ts";
import { listResources } from "../../../store/resources.ts";
import { addResource, removeResource, updateResource } from "../../resource_operations.ts";
import type { ManagedKindHandler } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";
import { scopeValue, toScopes } from "./scope_value.ts";

export const resource: ManagedKindHandler = {
  kind: "resource",
  async read({ tx, config }) {
    const stored = await listResources(tx);
    return new Map([
      ...stored.map((resource) => [resource.name, { fields: fieldsOf(resource) }] as const),
      // It wins over a row of the same name: see ResourceCatalog.
      ...config.resources.map((resource) =>
        [resource.name, { fields: fieldsOf(resource), inConfigFile: true as const }] as const
      ),
    ]);
  },
  complete(_deps, _name, declared) {
    const scopes = toScopes(declared.scopes ?? {});
    return Promise.resolve({
      identifier: declared.identifier,
      title: declared.title ?? null,
      scopes: Object.fromEntries(scopes.map(({ name, ...scope }) => [name, scopeValue(scope)])),
      accessTokenLifetime: declared.accessTokenLifetime ?? null,
      signingAlgorithm: declared.signingAlgorithm ?? null,
      claims: declared.claims ?? [],
    });
  },
  async add(deps, name, after) {
    const { scopes, ...rest } = after;
    const fields = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
    const added = await addResource(
      deps,
      { ...fields, name, scopes: toScopes(scopes) } as unknown as RegisteredResource,
    );
    if (refusal(added) === undefined) await deps.catalog.reload();
    return refusal(added);
  },
  async change(deps, { name, after, changed }) {
    const changes = Object.fromEntries(
      [...changed].map((property) => [
        property,
        property === "scopes" ? toScopes(after.scopes) as unknown as Value : after[property],
      ]),
    );
    const updated = await updateResource(deps, { name, changes });
    if (refusal(updated) === undefined) await deps.catalog.reload();
    return refusal(updated);
  },
  async remove(deps, name) {
    const removed = await removeResource(deps, { name });
    if (refusal(removed) === undefined) await deps.catalog.reload();
    return refusal(removed);
  },
  async removalDangers({ tx, clock }, name, { identifier }) {
    const { logins, tokens } = await countResourceBelongings(
      tx,
      { name, identifier: identifier as string },
      new Date(clock.now()),
    );
    const used = [
      ...logins > 0 ? [formatCount(logins, "login")] : [],
      ...tokens > 0 ? [formatCount(tokens, "personal access token")] : [],
    ];
    if (used.length === 0) return [];
    return [{
      code: "resource_in_use",
      message: `${used.join(" and ")} of it stop working for it, for good.`,
      advice: "Add the new resource beside it, and remove this one when nothing uses it.",
    }];
  },
  async changeDangers({ tx, clock }, { before, after, changed }) {
    if (!changed.has("scopes")) return [];
    const kept = after.scopes as Record<string, Value>;
    const dangers: Danger[] = [];
    for (const name of Object.keys(before.scopes as Record<string, Value>)) {
      if (Object.hasOwn(kept, name)) continue;
      const logins = await countLoginsWithScope(tx, name, new Date(clock.now()));
      if (logins === 0) continue;
      dangers.push({
        code: "scope_in_use",
        message: `${formatCount(logins, "login")} ${
          logins === 1 ? "loses" : "lose"
        } the scope ${name}.`,
      });
    }
    return dangers;
  },
};

function fieldsOf(resource: RegisteredResource) {
  return {
    identifier: resource.identifier,
    title: resource.title ?? null,
    scopes: Object.fromEntries(
      resource.scopes.map(({ name, ...scope }) => [name, scopeValue(scope)]),
    ),
    accessTokenLifetime: resource.accessTokenLifetime ?? null,
    signingAlgorithm: resource.signingAlgorithm ?? null,
    claims: [...resource.claims],
  };
}

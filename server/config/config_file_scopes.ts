import {
  DEVICE_FLOW_RULES,
  FACTORS,
  isDeviceFlowRule,
  isFactor,
  type Role,
  type ScopeDescription,
} from "../scopes.ts";
import type { ConfigProblem } from "./problem.ts";

/** A scope name (RFC 6749 section 3.3). */
const SCOPE_NAME = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/**
 * Reads `[scopes]` of the config file: each key is a scope, each value its description, or a
 * table with description, roles, groups, clients, tokens, device_flow and factor. `describe` names the place
 * of a key in it.
 */
export function readScopes(
  value: unknown,
  scopes: ScopeDescription[],
  problems: ConfigProblem[],
  describe: (...keys: string[]) => string,
): void {
  const reject = (message: string, ...keys: string[]) =>
    problems.push({ code: "invalid_value", subject: describe(...keys), message });
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    reject('"scopes" must be a table, such as [scopes] deploy = "Deploy".');
    return;
  }
  for (const [name, entry] of Object.entries(value)) {
    const scope = readScope(name, typeof entry === "string" ? { description: entry } : entry);
    if (typeof scope !== "string") scopes.push(scope);
    else reject(`scope "${name}": ${scope}`, name);
  }
}

/** A scope of the file; a text says what is wrong with it. */
function readScope(name: string, entry: Record<string, unknown>): ScopeDescription | string {
  const { description, roles, groups, clients, tokens, device_flow, factor, ...unknown } = entry;
  if (!SCOPE_NAME.test(name)) {
    return 'the name must be printable ASCII without spaces, " and \\ (RFC 6749 section 3.3).';
  }
  if (typeof description !== "string") return "the description must be a string.";
  const isRole = (value: unknown): value is Role => value === "admin" || value === "user";
  if (roles !== undefined && !(Array.isArray(roles) && roles.every(isRole))) {
    return 'roles must be an array of "admin" and "user".';
  }
  const isText = (value: unknown) => typeof value === "string";
  if (groups !== undefined && !(Array.isArray(groups) && groups.every(isText))) {
    return "groups must be an array of names of groups.";
  }
  if (clients !== undefined && !(Array.isArray(clients) && clients.every(isText))) {
    return "clients must be an array of client ids.";
  }
  if (tokens !== undefined && typeof tokens !== "boolean") return "tokens must be true or false.";
  const deviceFlow = device_flow === undefined || Array.isArray(device_flow)
    ? device_flow
    : [device_flow];
  if (deviceFlow !== undefined && !deviceFlow.every(isDeviceFlowRule)) {
    const rules = DEVICE_FLOW_RULES.map((rule) => `"${rule}"`).join(", ");
    return `device_flow must be one of ${rules}, or an array of these.`;
  }
  if (factor !== undefined && !isFactor(factor)) {
    return `factor must be one of ${FACTORS.map((value) => `"${value}"`).join(" and ")}.`;
  }
  const [unknownKey] = Object.keys(unknown);
  if (unknownKey !== undefined) {
    return `unknown key "${unknownKey}". Use description, roles, groups, clients, tokens, ` +
      "device_flow and factor.";
  }
  return {
    name,
    description,
    ...roles && { roles },
    ...groups && { groups },
    ...clients && { clients },
    ...tokens !== undefined && { tokens },
    ...deviceFlow !== undefined && { deviceFlow },
    ...factor !== undefined && { factor },
  };
}

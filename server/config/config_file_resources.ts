import { listText } from "../../shared/list_text.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import { type RegisteredResource, RESOURCE_CLAIMS } from "../resources/resource.ts";
import type { ScopeDescription } from "../scopes.ts";
import {
  checkResource,
  isResourceClaim,
  isSigningAlgorithm,
  type ResourceProblem,
} from "./check_resource.ts";
import { readScopes } from "./config_file_scopes.ts";
import { nearestName } from "../../shared/nearest_name.ts";
import type { ConfigProblem } from "./problem.ts";
import { SIGNING_ALGORITHMS } from "./settings/tokens.ts";

const KEYS = [
  "identifier",
  "title",
  "scopes",
  "access_token_lifetime",
  "signing_algorithm",
  "claims",
];

/** The keys of the file for the parts of a resource. */
const KEY_OF: Partial<Record<keyof RegisteredResource, string>> = {
  accessTokenLifetime: "access_token_lifetime",
  signingAlgorithm: "signing_algorithm",
};

/** A resource of the file, and the place of each part of it. */
export interface FileResource {
  resource: RegisteredResource;
  describe(field: ResourceProblem["field"]): string;
}

type Describe = (...keys: string[]) => string;

/**
 * Reads `[resources.NAME]` of the config file. `describe` names the place of a key in
 * `resources`.
 */
export function readResources(
  value: unknown,
  resources: FileResource[],
  problems: ConfigProblem[],
  describe: Describe,
): void {
  if (!isTable(value)) {
    problems.push({
      code: "invalid_value",
      subject: describe(),
      message: '"resources" must be tables, such as [resources.orders].',
    });
    return;
  }
  for (const [name, entry] of Object.entries(value)) {
    const resource = readResource(name, entry, problems, (...keys) => describe(name, ...keys));
    if (resource === undefined) continue;
    resources.push({ resource, describe: (field) => describe(name, KEY_OF[field] ?? field) });
  }
}

function readResource(
  name: string,
  entry: unknown,
  problems: ConfigProblem[],
  describe: Describe,
): RegisteredResource | undefined {
  const invalid: ConfigProblem[] = [];
  const reject = (message: string, ...keys: string[]) =>
    void invalid.push({ code: "invalid_value", subject: describe(...keys), message });
  if (!isTable(entry)) {
    problems.push({
      code: "invalid_value",
      subject: describe(),
      message: `the resource "${name}" must be a table, such as [resources.${name}].`,
    });
    return undefined;
  }
  for (const key of Object.keys(entry).filter((key) => !KEYS.includes(key))) {
    const nearest = nearestName(key, KEYS);
    const next = nearest === undefined
      ? `Use ${listText(KEYS, "", ", ")}`
      : `Did you mean ${nearest}`;
    invalid.push({
      code: "unknown_setting",
      subject: describe(key),
      message: `unknown key "${key}" of a resource. ${next}${nearest === undefined ? "." : "?"}`,
    });
  }
  const { identifier, title } = entry;
  if (typeof identifier !== "string") {
    reject(
      `the resource "${name}" needs an identifier, such as "https://${name}.example.com".`,
      ...identifier === undefined ? [] : ["identifier"],
    );
  }
  if (title !== undefined && typeof title !== "string") reject("title must be a string.", "title");
  const scopes: ScopeDescription[] = [];
  if (entry.scopes !== undefined) {
    readScopes(entry.scopes, scopes, invalid, (...keys) => describe("scopes", ...keys));
  }
  const resource: RegisteredResource = {
    name,
    identifier: String(identifier),
    ...typeof title === "string" && { title },
    scopes,
    ...readLifetime(entry.access_token_lifetime, reject),
    ...readAlgorithm(entry.signing_algorithm, reject),
    claims: readClaims(entry.claims, reject),
  };
  const problem = invalid.length > 0 ? undefined : checkResource(resource);
  if (problem !== undefined) {
    const key = KEY_OF[problem.field] ?? problem.field;
    reject(problem.message, ...key === "name" ? [] : [key]);
  }
  problems.push(...invalid);
  return invalid.length > 0 ? undefined : resource;
}

type Reject = (message: string, ...keys: string[]) => void;

function readLifetime(value: unknown, reject: Reject) {
  if (value === undefined) return {};
  const accessTokenLifetime = parseDurationSeconds(String(value));
  if (accessTokenLifetime !== undefined) return { accessTokenLifetime };
  reject(
    `"${value}" is not a valid duration. Use a number with s, m, h or d, for example 15m.`,
    "access_token_lifetime",
  );
}

function readAlgorithm(value: unknown, reject: Reject) {
  if (value === undefined) return {};
  if (isSigningAlgorithm(value)) return { signingAlgorithm: value };
  reject(
    `"${value}" is not supported. Use ${listText(SIGNING_ALGORITHMS, "", ", ")}.`,
    "signing_algorithm",
  );
}

function readClaims(value: unknown, reject: Reject) {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isResourceClaim)) return [...new Set(value)];
  reject(`claims must be an array of ${listText(RESOURCE_CLAIMS, "", ", ")}.`, "claims");
  return [];
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

import { listText } from "../../shared/list_text.ts";
import {
  groupNameProblem,
  isRoleGroup,
  normalizeGroupSource,
  ROLE_GROUPS,
} from "../access/group_names.ts";
import { groupDescriptionProblem, MAX_GROUP_SOURCES } from "../access/group_settings.ts";
import type { ScopeDescription } from "../scopes.ts";
import { nearestName } from "../../shared/nearest_name.ts";
import type { ConfigProblem } from "./problem.ts";

/** A group of the config file. */
export interface DeclaredGroup {
  name: string;
  description?: string;
  /** The groups of directories whose members belong to it; undefined: those that have its name. */
  sources?: string[];
}

const KEYS = ["description", "from"];

type Describe = (...keys: string[]) => string;

/** Reads `[groups.NAME]` of the config file. `describe` names the place of a key in `groups`. */
export function readGroups(
  value: unknown,
  groups: DeclaredGroup[],
  problems: ConfigProblem[],
  describe: Describe,
): void {
  if (!isTable(value)) {
    problems.push({
      code: "invalid_value",
      subject: describe(),
      message: '"groups" must be tables, such as [groups.deployers].',
    });
    return;
  }
  for (const [name, entry] of Object.entries(value)) {
    const place: Describe = (...keys) => describe(name, ...keys);
    const same = groups.find((group) => group.name.toLowerCase() === name.toLowerCase());
    if (same !== undefined) {
      problems.push({
        code: "reserved",
        subject: place(),
        message: `the group "${same.name}" differs only in upper and lower case. Keep one of them.`,
      });
      continue;
    }
    const group = readGroup(name, entry, problems, place);
    if (group !== undefined) groups.push(group);
  }
}

function readGroup(
  name: string,
  entry: unknown,
  problems: ConfigProblem[],
  describe: Describe,
): DeclaredGroup | undefined {
  const invalid: ConfigProblem[] = [];
  const reject = (message: string, ...keys: string[]) =>
    void invalid.push({ code: "invalid_value", subject: describe(...keys), message });
  const problem = groupNameProblem(name);
  if (problem !== undefined) reject(`"${name}" ${problem}`);
  if (name.toLowerCase() === "user") {
    invalid.push({
      code: "reserved",
      subject: describe(),
      message: 'every user is in the group "user". It cannot be declared.',
    });
  }
  if (name.toLowerCase() === "admin" && name !== "admin") {
    reject(`the group of administrators is "admin", in lower case.`);
  }
  if (!isTable(entry)) {
    reject(`the group "${name}" must be a table, such as [groups.${name}].`);
    problems.push(...invalid);
    return undefined;
  }
  for (const key of Object.keys(entry).filter((key) => !KEYS.includes(key))) {
    const nearest = nearestName(key, KEYS);
    invalid.push({
      code: "unknown_setting",
      subject: describe(key),
      message: `unknown key "${key}" of a group. ${
        nearest === undefined ? `Use ${listText(KEYS, "", ", ")}.` : `Did you mean ${nearest}?`
      }`,
    });
  }
  const { description } = entry;
  if (description !== undefined) {
    const problem = typeof description === "string"
      ? groupDescriptionProblem(description)
      : "The description must be a string.";
    if (problem !== undefined) reject(problem, "description");
  }
  const sources = readSources(entry.from, reject);
  problems.push(...invalid);
  return invalid.length > 0
    ? undefined
    : { name, ...typeof description === "string" && { description }, ...sources && { sources } };
}

function readSources(
  value: unknown,
  reject: (message: string, ...keys: string[]) => void,
): string[] | undefined {
  if (value === undefined) return undefined;
  const sources = Array.isArray(value)
    ? value.map((text) => typeof text === "string" ? normalizeGroupSource(text) : undefined)
    : [undefined];
  if (!sources.every((source) => source !== undefined)) {
    reject(
      "from must be an array of groups of directories, each as DIRECTORY:GROUP, for example " +
        '["okta:Deployers"].',
      "from",
    );
    return undefined;
  }
  if (sources.length > MAX_GROUP_SOURCES) {
    reject(`from has at most ${MAX_GROUP_SOURCES} entries.`, "from");
  }
  return [...new Set(sources)];
}

/**
 * Scopes of the file that name a group which it does not declare: a typing error would take the scope
 * from all users. `describe` names the place of a scope.
 */
export function unknownGroups(
  scopes: readonly ScopeDescription[],
  groups: readonly DeclaredGroup[],
  describe: Describe,
): ConfigProblem[] {
  const declared = groups.map(({ name }) => name);
  return scopes.flatMap(({ name: scope, groups = [] }) =>
    groups.filter((group) => !isRoleGroup(group) && !declared.includes(group))
      .map((group): ConfigProblem => {
        const nearest = nearestName(group, [...declared, ...ROLE_GROUPS]);
        const next = nearest === undefined
          ? `Add [groups.${tomlKey(group)}] to it.`
          : `Did you mean ${nearest}?`;
        return {
          code: "unknown_group",
          subject: describe(scope, "groups"),
          message: `scope "${scope}": the file does not declare the group "${group}". ${next}`,
        };
      })
  );
}

function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

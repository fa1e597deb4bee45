import { camelCase, type SettingSource } from "./gather.ts";
import type { ConfigProblem } from "./problem.ts";
import { type SettingName, settings } from "./schema.ts";
import type { SettingValues } from "./server_config.ts";
import { InvalidValue } from "./value_type.ts";

export interface ParsedSettings {
  values: SettingValues;
  problems: ConfigProblem[];
  /** Settings whose value was rejected; `values` has their default, if any. */
  invalid: ReadonlySet<SettingName>;
}

/** Parses every setting by its declaration. Never stops at an invalid value. */
export function parseSettings(
  sources: ReadonlyMap<SettingName, SettingSource>,
): ParsedSettings {
  const values: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  const invalid = new Set<SettingName>();
  for (const { name, key = camelCase(name), type, default: fallback } of settings) {
    const source = sources.get(name);
    if (source?.unreadable) invalid.add(name);
    let value = source && !source.unreadable ? type.parse(source.text) : undefined;
    if (value instanceof InvalidValue) {
      problems.push({ code: value.code, subject: name, message: value.message });
      invalid.add(name);
      value = fallback === undefined ? undefined : type.parse(fallback);
    }
    setPath(values, key, value);
  }
  // The keys and types are those of the declarations, from which SettingValues is derived.
  return { values: values as SettingValues, problems, invalid };
}

/** Sets `a.b` as `b` of the object `a`. */
function setPath(object: Record<string, unknown>, path: string, value: unknown): void {
  const [head, ...tail] = path.split(".");
  if (tail.length === 0) {
    if (value !== undefined) object[head] = value;
    return;
  }
  const section = object[head] ??= {};
  setPath(section as Record<string, unknown>, tail.join("."), value);
}

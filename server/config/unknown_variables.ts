import { brand } from "../../shared/brand.ts";
import { CLIENT_VARIABLES } from "../../shared/environment_variables.ts";
import { variableName } from "./gather.ts";
import { nearestName } from "../../shared/nearest_name.ts";
import type { ConfigProblem } from "./problem.ts";
import { settings } from "./schema.ts";
import { acceptsFile, fileSettingName } from "./setting.ts";

/** Kubernetes sets these for every service of the namespace, including one of our name. */
const KUBERNETES_SERVICE = /^(SERVICE_(HOST|PORT(_.*)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/**
 * Variables with our prefix that nothing reads. One that looks like a misspelled setting is a
 * problem, since the setting that was meant does not take effect; others are worth a warning.
 */
export function unknownVariables(
  env: Record<string, string>,
): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const prefix = `${brand.envPrefix}_`;
  const own = [
    ...settings.map(({ name }) => name),
    ...settings.filter(acceptsFile).map(fileSettingName),
    "config",
  ].map((name) => name.toUpperCase());
  // WORKER is set by the parent process of serve --workers.
  const known: readonly string[] = [...own, ...CLIENT_VARIABLES, "WORKER"];
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const [variable, value] of Object.entries(env)) {
    if (value === "" || !variable.toUpperCase().startsWith(prefix)) continue;
    const name = variable.slice(prefix.length);
    if ((variable.startsWith(prefix) && known.includes(name)) || KUBERNETES_SERVICE.test(name)) {
      continue;
    }
    const nearest = nearestName(name.toUpperCase(), own);
    const problem = { code: "unknown_variable", subject: variable } as const;
    if (nearest === undefined) {
      warnings.push({ ...problem, message: "is not a setting and has no effect." });
    } else {
      const message = `is not a setting. Did you mean ${variableName({ name: nearest })}?`;
      problems.push({ ...problem, message });
    }
  }
  return { problems, warnings };
}

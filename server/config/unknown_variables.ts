import { brand } from "../../shared/brand.ts";
import { CLIENT_VARIABLES } from "../../shared/environment_variables.ts";
import { nearestName } from "./nearest_name.ts";
import { settings } from "./schema.ts";

/** Kubernetes sets these for every service of the namespace, one of our name too. */
const KUBERNETES_SERVICE = /^(SERVICE_(HOST|PORT(_.*)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/**
 * Variables with our prefix that nothing reads. One that looks like a misspelled setting
 * is a problem, since the setting it was meant for does not take effect; others are
 * worth a warning.
 */
export function unknownVariables(
  env: Record<string, string>,
): { problems: string[]; warnings: string[] } {
  const prefix = `${brand.envPrefix}_`;
  const own = [...settings.map(({ name }) => name.toUpperCase()), "CONFIG"];
  const known: readonly string[] = [...own, ...CLIENT_VARIABLES];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const [variable, value] of Object.entries(env)) {
    if (value === "" || !variable.toUpperCase().startsWith(prefix)) continue;
    const name = variable.slice(prefix.length);
    if ((variable.startsWith(prefix) && known.includes(name)) || KUBERNETES_SERVICE.test(name)) {
      continue;
    }
    const meant = nearestName(name.toUpperCase(), own);
    if (meant === undefined) warnings.push(`${variable}: is not a setting, and nothing reads it`);
    else problems.push(`${variable}: is not a setting. Did you mean ${prefix}${meant}?`);
  }
  return { problems, warnings };
}

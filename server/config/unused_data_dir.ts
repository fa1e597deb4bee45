import { DEFAULT_SOURCE, flagName, type SettingSource } from "./gather.ts";
import type { ConfigProblem } from "./problem.ts";
import type { SettingName } from "./schema.ts";

/**
 * That `database_url` takes the place of a `data_dir` that is set too. A warning if the folder is
 * named on the command line, and the other setting is not; otherwise a note, since packages and
 * images set the folder for those who use the embedded database.
 */
export function unusedDataDir(
  sources: ReadonlyMap<SettingName, SettingSource>,
): { warnings: ConfigProblem[]; notes: ConfigProblem[] } {
  const [folder, url] = [sources.get("data_dir"), sources.get("database_url")];
  if (folder === undefined || folder.source === DEFAULT_SOURCE || url === undefined) {
    return { warnings: [], notes: [] };
  }
  const unused: ConfigProblem = {
    code: "unused_setting",
    subject: "data_dir",
    source: folder.source,
    message: `is not used, since database_url (${url.source}) selects PostgreSQL.`,
  };
  const isSurprising = folder.source === flagName({ name: "data_dir" }) &&
    !url.source.startsWith("--");
  if (!isSurprising) return { warnings: [], notes: [unused] };
  const advice = `To use the embedded database in that folder, remove database_url.`;
  return { warnings: [{ ...unused, message: `${unused.message} ${advice}` }], notes: [] };
}

import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import type { LoadedConfig } from "../../config/load.ts";

/** Mistakes in the settings, and files that others may read or change. */
export function settingFindings(
  { configFile, problems, warnings }: Pick<LoadedConfig, "configFile" | "problems" | "warnings">,
): Finding[] {
  const place = ({ source }: { source?: string }) => source === undefined ? "" : ` (${source})`;
  const findings = [
    ...problems.map((setting) =>
      problem(
        setting.subject,
        `${setting.message}${place(setting)}`,
        "Correct it, and run serve --check.",
      )
    ),
    ...warnings.map((setting) =>
      warning(setting.subject, `${setting.message}${place(setting)}`, "See serve --check.")
    ),
  ];
  return findings.length > 0 ? findings : [ok("settings", configFile.description)];
}

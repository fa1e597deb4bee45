import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import type { Clock } from "../../../shared/clock.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { readTlsPair, TlsPairError } from "../../config/tls_pair.ts";

type Loaded = Pick<LoadedConfig, "config" | "configFile" | "problems" | "warnings" | "notes">;

/** Mistakes in the settings, files that others may read or change, and the certificate. */
export async function settingFindings(
  { config, configFile, problems, warnings, notes }: Loaded,
  clock: Clock,
): Promise<Finding[]> {
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
    ...config.tls === undefined ? [] : await certificateFindings(config.tls, clock),
  ];
  return [
    ...findings.length > 0 ? findings : [ok("settings", configFile.description)],
    ...notes.map((setting) =>
      ok(setting.subject, `${setting.message.replace(/\.$/, "")}${place(setting)}`)
    ),
  ];
}

/** With files that cannot be used, a server that runs goes on with the old pair until it stops. */
async function certificateFindings(
  tls: NonNullable<Loaded["config"]["tls"]>,
  clock: Clock,
): Promise<Finding[]> {
  try {
    const { warning: soon } = await readTlsPair(tls, clock);
    return soon === undefined ? [] : [warning("tls_cert", soon.message, "Renew it.")];
  } catch (error) {
    if (!(error instanceof TlsPairError)) throw error;
    const [setting, ...rest] = error.message.split(": ");
    const advice = "Correct it: no server starts with it, and one that runs keeps the old " +
      "certificate until it stops.";
    return [problem(setting, rest.join(": "), advice)];
  }
}

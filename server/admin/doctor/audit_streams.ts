import { formatDuration } from "../../../shared/duration.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import { auditStreamTargets } from "../../audit/stream/start_streams.ts";
import { listStreams } from "../../store/audit_log/streams.ts";
import type { DoctorDeps } from "./examine.ts";

/** As long as the alert waits (deploy/prometheus/alerts.yml). */
const MAX_LAG_SECONDS = 900;
const CHECK = "audit_stream";

/** Whether each target of `audit_stream` receives events. */
export async function auditStreamFindings({ sql, config }: DoctorDeps): Promise<Finding[]> {
  const names = auditStreamTargets(config).map(({ name }) => name);
  const states = new Map(
    (await listStreams(sql, names)).map((state) => [state.target, state]),
  );
  return names.map((name) => {
    const state = states.get(name);
    if (state === undefined) {
      return warning(
        CHECK,
        `${name} has received nothing, since no server has started with it`,
        "Restart the servers to use the setting.",
      );
    }
    const { error, lagSeconds } = state;
    const advice = "Correct the target, or audit_stream. Events wait until audit_retention " +
      "removes them.";
    if (error !== null) return problem(CHECK, `${name} does not accept events: ${error}`, advice);
    if (lagSeconds <= MAX_LAG_SECONDS) return ok(CHECK, `${name} receives all events`);
    const waited = formatDuration(Math.round(lagSeconds));
    return problem(
      CHECK,
      `the oldest event for ${name} has waited for ${waited}`,
      `${advice} Look for audit_stream_failed in the log.`,
    );
  });
}

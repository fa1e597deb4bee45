import { brand } from "../../../shared/brand.ts";
import { named } from "./named.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import { listTasks } from "../../store/housekeeping.ts";
import { listReplicas } from "../../store/replicas.ts";
import type { DoctorDeps } from "./examine.ts";

/** Every task is due at least once a day. */
const OVERDUE_MS = 26 * 3_600_000;
/** Names in one line. */
const MAX_NAMES = 5;

export async function replicaFindings({ sql, clock, config }: DoctorDeps): Promise<Finding[]> {
  const replicas = await listReplicas(sql);
  const alive = replicas.filter(({ isAlive }) => isAlive);
  const lost = replicas.filter(({ isAlive }) => !isAlive);
  const versions = [...new Set(alive.map(({ version }) => version))].toSorted();
  const findings: Finding[] = [];
  if (alive.length === 0) {
    findings.push(warning("replicas", "none is running", `Start one: ${brand.binaryName} serve`));
  } else if (versions.length > 1) {
    findings.push(
      warning(
        "replicas",
        `${alive.length} run, with different versions: ${named(versions)}`,
        "Finish the upgrade, or return to one version.",
      ),
    );
  } else {
    findings.push(ok("replicas", `${alive.length} run, version ${versions[0]}`));
  }
  if (lost.length > 0) {
    const names = named(lost.slice(0, MAX_NAMES).map(({ name }) => name));
    findings.push(
      warning(
        "lost_replicas",
        `${lost.length} stopped without saying so since yesterday: ${names}`,
        "Look for a crash or a kill (out of memory) in the log of that machine.",
      ),
    );
  }
  findings.push(...proxyFindings(alive, config.trustedProxies));
  findings.push(...await taskFindings(sql, clock.now()));
  return findings;
}

/** Peers that sent X-Forwarded-For are proxies, or clients that forge it. */
function proxyFindings(
  replicas: readonly { untrustedForwarders?: readonly string[] }[],
  trusted: readonly string[],
): Finding[] {
  const peers = [...new Set(replicas.flatMap((replica) => replica.untrustedForwarders ?? []))];
  if (peers.length === 0) {
    return [
      ok(
        "proxies",
        trusted.length === 0
          ? "none is declared, and none was seen"
          : `declared: ${named(trusted.slice(0, MAX_NAMES))}; no other was seen`,
      ),
    ];
  }
  const names = named(peers.toSorted().slice(0, MAX_NAMES));
  return [
    warning(
      "proxies",
      `${names} sent X-Forwarded-For, which is ignored`,
      "If that is your reverse proxy, add it to trusted_proxies: all its clients count as one.",
    ),
  ];
}

async function taskFindings(sql: DoctorDeps["sql"], now: number): Promise<Finding[]> {
  const tasks = await listTasks(sql);
  const failing = tasks.filter(({ error }) => error !== undefined);
  const overdue = tasks.filter(({ startedAt, finishedAt }) =>
    now - (finishedAt ?? startedAt).getTime() > OVERDUE_MS
  );
  const findings = failing.slice(0, MAX_NAMES).map(({ task, error }) =>
    problem("housekeeping", `${task} failed: ${error}`, "It is repeated every five minutes.")
  );
  if (overdue.length > 0) {
    const names = named(overdue.slice(0, MAX_NAMES).map(({ task }) => task));
    findings.push(
      problem(
        "housekeeping",
        `${names} did not run for more than a day`,
        "Look for periodic_task_failed in the log, and for long statements in pg_stat_activity.",
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [ok("housekeeping", tasks.length === 0 ? "has not run yet" : "runs on time")];
}

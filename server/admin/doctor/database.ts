import { statfs } from "node:fs/promises";
import { brand } from "../../../shared/brand.ts";
import { named } from "./named.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import { appliedMigrations, migrationStatus, unknownMigrations } from "../../store/db/migrate.ts";
import { listForbiddenTables, readDatabaseFacts } from "../../store/database_facts.ts";
import { SUPPORTED_POSTGRES } from "../../store/db/supported_versions.ts";
import type { DoctorDeps } from "./examine.ts";

const { oldest: OLDEST, newest: NEWEST } = SUPPORTED_POSTGRES;
/** Clocks that differ by more make tokens look expired, or not yet valid. */
const MAX_CLOCK_DIFFERENCE_MS = 5000;
/** Bytes, and a share of the disk, below which an operator has to act. */
const LITTLE_SPACE = 1_000_000_000;
const LITTLE_SHARE = 0.05;
/** Bytes below which the server may stop to accept writes at any moment. */
const NO_SPACE = 100_000_000;
/** Names in one line. */
const MAX_NAMES = 5;
/** Share of max_connections above which a replica more may not find any. */
const MANY_CONNECTIONS = 0.8;

export async function databaseFindings({ sql, clock, config }: DoctorDeps): Promise<Finding[]> {
  const startedAt = performance.now();
  const facts = await readDatabaseFacts(sql);
  const tookMs = performance.now() - startedAt;
  const major = Math.floor(facts.version / 10_000);
  const version = `PostgreSQL ${major}.${facts.version % 10_000}`;
  const embedded = config.databaseUrl === undefined;
  const findings: Finding[] = [
    major < OLDEST
      ? problem("database_version", `${version} is too old`, `Upgrade to PostgreSQL ${NEWEST}.`)
      : major > NEWEST
      ? warning(
        "database_version",
        `${version} is newer than what this version was tested with`,
        `Use PostgreSQL ${OLDEST} to ${NEWEST}, or a newer version of this program.`,
      )
      : ok(
        "database_version",
        `${version}${embedded ? ", embedded" : ""}, ${megabytes(facts.size)}, ` +
          `answers in ${Math.ceil(tookMs)} ms`,
      ),
    facts.writable ? ok("database_writes", "accepts writes") : problem(
      "database_writes",
      "accepts no writes",
      "Connect to the primary: list all hosts in database_url with " +
        "target_session_attrs=read-write, or find out why the primary is read-only.",
    ),
    clockFinding(facts.now.getTime() - clock.now()),
    ...await migrationFindings(sql),
  ];
  if (embedded) return [...findings, ...await diskFindings(config)];
  const forbidden = await listForbiddenTables(sql);
  if (forbidden.length > 0) {
    const names = named(forbidden.slice(0, MAX_NAMES));
    const others = forbidden.length > MAX_NAMES ? ` and ${forbidden.length - MAX_NAMES} more` : "";
    findings.push(
      problem(
        "database_permissions",
        `the user of database_url may not read and change ${names}${others}`,
        "Let the server use the role that owns the tables, or as the owner: GRANT SELECT, INSERT, " +
          "UPDATE, DELETE ON ALL TABLES IN SCHEMA … TO …",
      ),
    );
  }
  const used = facts.connections / facts.maxConnections;
  findings.push(
    used > MANY_CONNECTIONS
      ? warning(
        "database_connections",
        `${facts.connections} of ${facts.maxConnections} connections are in use`,
        "Each process needs 11. Raise max_connections, or use PgBouncer.",
      )
      : ok(
        "database_connections",
        `${facts.connections} of ${facts.maxConnections} connections are in use`,
      ),
  );
  if (facts.standbys && facts.standbys.synchronous + facts.standbys.asynchronous > 0) {
    const { synchronous, asynchronous } = facts.standbys;
    findings.push(
      synchronous > 0
        ? ok("standbys", `${synchronous} synchronous, ${asynchronous} asynchronous`)
        : warning(
          "standbys",
          "none is synchronous: a failover may lose what was acknowledged last, such as a revocation",
          "Set synchronous_standby_names on the primary.",
        ),
    );
  }
  return findings;
}

async function diskFindings({ dataDir }: DoctorDeps["config"]): Promise<Finding[]> {
  if (dataDir === undefined) return [];
  const { bavail, blocks, bsize } = await statfs(dataDir);
  const finding = diskFinding({ freeBytes: bavail * bsize, totalBytes: blocks * bsize }, dataDir);
  return finding === undefined ? [] : [finding];
}

/** Of the disk with the embedded database; undefined: there is room. */
export function diskFinding(
  { freeBytes, totalBytes }: { freeBytes: number; totalBytes: number },
  dataDir: string,
): Finding | undefined {
  const isEnough = freeBytes > LITTLE_SPACE || freeBytes > totalBytes * LITTLE_SHARE;
  if (isEnough && freeBytes > NO_SPACE) return undefined;
  const message = `${megabytes(freeBytes)} are free in ${dataDir}`;
  const advice =
    "Free some space, or enlarge the disk: on a full disk, the server accepts nothing " +
    "that it has to store.";
  return freeBytes > NO_SPACE ? warning("disk", message, advice) : problem("disk", message, advice);
}

function clockFinding(differenceMs: number): Finding {
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  return Math.abs(differenceMs) > MAX_CLOCK_DIFFERENCE_MS
    ? problem(
      "clock",
      `this machine's clock is ${seconds} s ${
        differenceMs > 0 ? "behind" : "ahead of"
      } the database's`,
      "Synchronize both with NTP: tokens would be rejected, or accepted for too long.",
    )
    : ok("clock", `differs by ${seconds} s from the database's`);
}

/** Of a database that an older version has used last. */
export function pendingMigrationsFinding(names: readonly string[]): Finding {
  return warning(
    "migrations",
    `${named(names)} not applied`,
    `The next start of this version applies them; to look first: ${brand.binaryName} migrate --plan`,
  );
}

async function migrationFindings(sql: DoctorDeps["sql"]): Promise<Finding[]> {
  const pending = (await migrationStatus(sql)).filter(({ appliedAt }) => appliedAt === undefined);
  if (pending.length > 0) return [pendingMigrationsFinding(pending.map(({ name }) => name))];
  const unknown = unknownMigrations(await appliedMigrations(sql));
  return [
    unknown.length > 0
      ? warning(
        "migrations",
        `a newer version has applied ${named(unknown)}`,
        "Finish the upgrade: replace this program on all replicas.",
      )
      : ok("migrations", "all are applied"),
  ];
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString("en")} MB`;
}

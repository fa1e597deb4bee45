/** What `admin doctor` and the page Health check through the database and the network. */
import type { Clock } from "../../../shared/clock.ts";
import { TimeoutError, withTimeout } from "../../../shared/deadline.ts";
import { type Area, failed, type Finding, problem } from "../../../shared/finding.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Mail } from "../../notifications/mail.ts";
import type { Webhook } from "../../notifications/webhook.ts";
import type { Encryption } from "../../security/encryption.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { ServerSecrets } from "../../store/server_secrets.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { auditFindings } from "./audit.ts";
import { auditStreamFindings } from "./audit_streams.ts";
import { databaseFindings } from "./database.ts";
import { expiringFindings } from "./expiring.ts";
import { keyFindings } from "./keys.ts";
import { notificationFindings } from "./notifications.ts";
import { replicaFindings } from "./replicas.ts";

export interface DoctorDeps {
  sql: Sql;
  clock: Clock;
  config:
    & Pick<
      ServerConfig,
      "auditStream" | "databaseUrl" | "keyRotation" | "mail" | "webhook" | "trustedProxies"
    >
    & { dataDir?: string };
  keys: Pick<SigningKeys, "list">;
  encryption: Encryption;
  secrets: Pick<ServerSecrets, "auditKey">;
  mail: Pick<Mail, "verify">;
  webhook: Pick<Webhook, "ping">;
}

/** How much is examined: `brief` for a page that is opened often, see startExamination. */
export interface Extent {
  brief: boolean;
}

/** For each area; they are checked at the same time. */
const TIMEOUT_MS = 15_000;
const BRIEF_TIMEOUT_MS = 2000;
const MAX_MESSAGE_LENGTH = 300;

const AREAS: readonly {
  title: string;
  check: string;
  findings(deps: DoctorDeps, extent: Extent): Promise<Finding[]>;
  /** It sends something: not for a page that is only read. */
  sends?: true;
}[] = [
  { title: "Database", check: "database", findings: databaseFindings },
  { title: "Replicas", check: "replicas", findings: replicaFindings },
  { title: "Keys", check: "keys", findings: keyFindings },
  {
    title: "Notifications",
    check: "notifications",
    findings: notificationFindings,
    sends: true,
  },
  {
    title: "Audit log",
    check: "audit_log",
    findings: async (deps, extent) => [
      ...await auditFindings(deps, extent),
      ...await auditStreamFindings(deps),
    ],
  },
  { title: "Expiring soon", check: "expiring", findings: expiringFindings },
];

export interface Examination {
  /** All areas; an area that fails or takes too long is a problem of its own. */
  areas: Promise<Area[]>;
  /** Once no check runs any more, not even one that took too long. */
  finished: Promise<void>;
}

/** With `brief`, nothing is sent, and of tables that may be large only a part is read. */
export function startExamination(deps: DoctorDeps, extent: Extent): Examination {
  const timeoutMs = extent.brief ? BRIEF_TIMEOUT_MS : TIMEOUT_MS;
  const running = AREAS.filter((area) => !extent.brief || area.sends !== true)
    .map(({ title, check, findings }) => ({ title, check, work: findings(deps, extent) }));
  return {
    areas: Promise.all(running.map(async ({ title, check, work }) => {
      try {
        return { title, findings: await withTimeout(work, timeoutMs) };
      } catch (error) {
        return { title, findings: [failure(check, error as Error, timeoutMs)] };
      }
    })),
    finished: Promise.allSettled(running.map(({ work }) => work)).then(() => {}),
  };
}

export async function examineServer(deps: DoctorDeps, extent: Extent): Promise<Area[]> {
  return await startExamination(deps, extent).areas;
}

function failure(check: string, error: Error, timeoutMs: number): Finding {
  return error instanceof TimeoutError
    ? problem(
      check,
      `the checks took longer than ${timeoutMs / 1000} s`,
      "Look for locks and long statements in pg_stat_activity.",
    )
    : failed(check, sanitizeLine(error.message, MAX_MESSAGE_LENGTH));
}

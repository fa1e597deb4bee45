/**
 * All metrics of the server. docs/metrics.md has the same list, which a test compares. A label has
 * few values: route templates and codes, never what a client sends.
 */
import { Counter, Gauge, Histogram } from "./instruments.ts";
import { OAUTH_ERROR_CODES } from "../../shared/oauth/errors.ts";

export const GRANT_TYPE_LABELS = [
  "authorization_code",
  "device_code",
  "refresh_token",
  "token-exchange",
  "jwt-bearer",
  "other",
] as const;

const VALIDATION_RESULTS = [
  "active",
  "unknown",
  "other_resource",
  "expired",
  "revoked",
  "disabled",
  "address_not_allowed",
] as const;

const CACHES = ["tokens", "owners", "clients", "client_credentials"] as const;

/** The caches of key sets of other issuers have failures too. */
const KEY_SETS = ["workload_identity", "identity_provider_events"] as const;

const QUEUES = ["mail", "webhook", "password_hashing", "token_checks", "outbound"] as const;

/** From a cached token check to a request that waits for a password hash under load. */
const REQUEST_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15];
const STATEMENT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export function createMetrics() {
  return {
    buildInfo: new Gauge({
      name: "build_info",
      help: "Always 1; the labels are what is running",
      labels: { version: "version", commit: "commit of the build", deno: "version of Deno" },
    }),
    replicaInfo: new Gauge({
      name: "replica_info",
      help: "Always 1; the labels identify this process among the replicas",
      labels: { id: "id of the process", name: "name of the process" },
    }),
    replicas: new Gauge({
      name: "replicas",
      help: "Processes that serve from the same database and were seen in the last 30 s",
      labels: { version: "version and commit" },
    }),

    httpRequests: new Counter({
      name: "http_requests_total",
      help: "Requests that were answered",
      labels: {
        route: "route template, or `unmatched`",
        method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"],
        status: ["1xx", "2xx", "3xx", "4xx", "5xx"],
      },
    }),
    httpRequestDuration: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time until the headers of the response",
      labels: { route: "route template, or `unmatched`" },
      buckets: REQUEST_SECONDS,
    }),
    httpRequestsInProgress: new Gauge({
      name: "http_requests_in_progress",
      help: "Requests that are being handled",
      labels: {},
    }),
    httpConnections: new Gauge({
      name: "http_connections",
      help: "Open connections of clients and proxies, where the system can list them",
      labels: {},
    }),
    httpConnectionsMax: new Gauge({
      name: "http_connections_max",
      help: "Connections above which the most idle ones are closed",
      labels: {},
    }),
    httpConnectionsClosed: new Counter({
      name: "http_connections_closed_total",
      help: "Connections that waited too long, or were too many, where the system can list them",
      labels: { reason: ["overdue", "surplus"] },
    }),
    httpBodyBytes: new Gauge({
      name: "http_body_bytes",
      help: "Memory that bodies of requests hold",
      labels: { size: ["small", "large"] },
    }),
    httpBodyBytesMax: new Gauge({
      name: "http_body_bytes_max",
      help: "Memory that bodies of requests may hold; more are rejected",
      labels: { size: ["small", "large"] },
    }),

    httpBodiesRejected: new Counter({
      name: "http_bodies_rejected_total",
      help: "Bodies of requests that were rejected since others held the memory for them",
      labels: { size: ["small", "large"] },
    }),

    grants: new Counter({
      name: "grants_total",
      help: "Token requests that were granted",
      labels: { grant_type: GRANT_TYPE_LABELS },
    }),
    grantRefusals: new Counter({
      name: "grant_refusals_total",
      help: "Token requests that were refused, including polls of a pending login",
      labels: { grant_type: GRANT_TYPE_LABELS, error: OAUTH_ERROR_CODES },
    }),
    loginsWaiting: new Gauge({
      name: "logins_waiting",
      help: "Logins that wait for approval, on all replicas; sampled every 15 s",
      labels: {},
    }),
    rateLimitRefusals: new Counter({
      name: "rate_limit_refusals_total",
      help: "Attempts and requests that a rate limit refused",
      labels: {
        limit: "kind of limit, such as `password_account` or `token_exchange`",
      },
    }),

    tokenValidations: new Counter({
      name: "token_validations_total",
      help: "Checks of a presented token, by what they found",
      labels: { result: VALIDATION_RESULTS },
    }),
    rememberedValidations: new Counter({
      name: "token_validations_remembered_total",
      help: "Active tokens that were not checked in the database, during database_outage_grace",
      labels: {},
    }),
    cacheLookups: new Counter({
      name: "cache_lookups_total",
      help: "Look-ups in the caches of token checks",
      labels: { cache: CACHES, result: ["hit", "miss"] },
    }),
    cacheEntries: new Gauge({
      name: "cache_entries",
      help: "Entries of the caches of token checks",
      labels: { cache: CACHES },
    }),
    cacheFresh: new Gauge({
      name: "cache_fresh",
      help: "1 while the database reports changes of tokens, so that cached ones are used; else 0",
      labels: {},
    }),
    keySetLookups: new Counter({
      name: "key_set_lookups_total",
      help: "Look-ups of the keys of other issuers: cached, fetched or unavailable",
      labels: { cache: KEY_SETS, result: ["hit", "fetched", "failed"] },
    }),
    keySetEntries: new Gauge({
      name: "key_set_entries",
      help: "Issuers whose keys are cached",
      labels: { cache: KEY_SETS },
    }),

    databaseUp: new Gauge({
      name: "database_up",
      help: "0 during an outage of the database, else 1",
      labels: {},
    }),
    databaseOutages: new Counter({
      name: "database_outages_total",
      help: "Outages of the database, by the connection that listens for changes",
      labels: {},
    }),
    databaseConnections: new Gauge({
      name: "database_connections",
      help: "Open connections of the pool",
      labels: {},
    }),
    databaseConnectionsMax: new Gauge({
      name: "database_connections_max",
      help: "Connections that the pool may open",
      labels: {},
    }),
    databaseStatementsInProgress: new Gauge({
      name: "database_statements_in_progress",
      help:
        "Statements and transactions that were started; those above database_connections_max wait",
      labels: {},
    }),
    databaseStatementsWaiting: new Gauge({
      name: "database_statements_waiting",
      help: "Statements and transactions that wait for their turn, since the database is busy",
      labels: {},
    }),
    databaseOldestWait: new Gauge({
      name: "database_statements_oldest_wait_seconds",
      help: "How long the oldest statement has waited for its turn; 0 if none waits",
      labels: {},
    }),
    databaseStatementsShed: new Counter({
      name: "database_statements_shed_total",
      help: "Statements that were rejected: too many waited, or this one for too long",
      labels: { reason: ["full", "timeout"] },
    }),
    databaseStatementDuration: new Histogram({
      name: "database_statement_duration_seconds",
      help: "Time of statements and transactions, with the wait for a connection",
      labels: { operation: ["select", "insert", "update", "delete", "transaction", "other"] },
      buckets: STATEMENT_SECONDS,
    }),
    databaseErrors: new Counter({
      name: "database_errors_total",
      help: "Statements and transactions that failed, by class of SQLSTATE",
      labels: { class: "first two characters of the SQLSTATE, or `connection`" },
    }),
    databaseRetries: new Counter({
      name: "database_retries_total",
      help: "Statements and transactions that ran again after a conflict or a lost connection",
      labels: { reason: ["conflict", "read_only", "connection"] },
    }),
    databaseClockOffset: new Gauge({
      name: "database_clock_offset_seconds",
      help: "Clock of the database minus that of this process; sampled every 15 s",
      labels: {},
    }),

    queueTasks: new Gauge({
      name: "queue_tasks",
      help: "What the queues hold: running, waiting for their turn, or for another attempt",
      labels: { queue: QUEUES, state: ["running", "waiting", "retrying"] },
    }),
    queueLimit: new Gauge({
      name: "queue_limit",
      help: "Tasks that may wait in a queue; more are rejected",
      labels: { queue: QUEUES },
    }),
    queueRejections: new Counter({
      name: "queue_rejections_total",
      help: "Tasks that a full queue rejected",
      labels: { queue: QUEUES },
    }),
    deliveries: new Counter({
      name: "deliveries_total",
      help: "Attempts to deliver mails and webhooks",
      labels: { queue: ["mail", "webhook"], result: ["delivered", "failed", "abandoned"] },
    }),

    auditUnsealed: new Gauge({
      name: "audit_unsealed_events",
      help: "Audit events that no replica has sealed yet, up to 1000; sampled every 15 s",
      labels: {},
    }),
    auditUnsealedAge: new Gauge({
      name: "audit_unsealed_seconds",
      help: "Age of the oldest audit event that is not sealed; 0 without one; sampled every 15 s",
      labels: {},
    }),
    auditStreamLag: new Gauge({
      name: "audit_stream_lag_seconds",
      help: "Age of the oldest event that a target of audit_stream has not accepted; 0 without one",
      labels: { target: "target without the path of its URL" },
    }),
    auditStreamFailing: new Gauge({
      name: "audit_stream_failing",
      help: "1 if the last delivery to a target of audit_stream failed, on any replica; else 0",
      labels: { target: "target without the path of its URL" },
    }),
    signingKeyCreated: new Gauge({
      name: "signing_key_created_timestamp_seconds",
      help: "When the key that signs now was created",
      labels: { algorithm: "algorithm of the key" },
    }),
    signingKeyRotation: new Gauge({
      name: "signing_key_next_rotation_timestamp_seconds",
      help: "When another key replaces the key that signs now",
      labels: { algorithm: "algorithm of the key" },
    }),
    certificateExpiry: new Gauge({
      name: "tls_certificate_expiry_timestamp_seconds",
      help: "When the certificate of tls_cert expires; absent without one",
      labels: {},
    }),

    housekeepingSuccess: new Gauge({
      name: "housekeeping_last_success_timestamp_seconds",
      help: "When a periodic task last succeeded, on any replica; sampled every 15 s",
      labels: { task: "name of the task" },
    }),
    housekeepingRuns: new Counter({
      name: "housekeeping_runs_total",
      help: "Runs of periodic tasks by this process, and their results",
      labels: { task: "name of the task", result: ["succeeded", "failed", "interrupted"] },
    }),
    housekeepingDuration: new Gauge({
      name: "housekeeping_duration_seconds",
      help: "How long the last run of a periodic task took, on any replica",
      labels: { task: "name of the task" },
    }),
    housekeepingRows: new Gauge({
      name: "housekeeping_rows",
      help: "Rows that the last run of a periodic task changed, on any replica",
      labels: { task: "name of the task" },
    }),
    housekeepingFailing: new Gauge({
      name: "housekeeping_failing",
      help: "1 if the last run of a periodic task failed, on any replica; else 0",
      labels: { task: "name of the task" },
    }),

    spans: new Counter({
      name: "spans_total",
      help: "Spans for a collector of OpenTelemetry, by whether it has received them",
      labels: { result: ["exported", "dropped"] },
    }),
    logLines: new Counter({
      name: "log_lines_total",
      help: "Events, by level, whether log_level shows them or not",
      labels: { level: ["debug", "info", "warn", "error"] },
    }),
    eventLoopLag: new Histogram({
      name: "event_loop_lag_seconds",
      help: "How much later than planned a timer of the process ran; measured twice a second",
      labels: {},
      buckets: LAG_SECONDS,
    }),
    processStart: new Gauge({
      name: "process_start_time_seconds",
      help: "When the process started, in seconds since 1970",
      labels: {},
    }),
    processCpu: new Counter({
      name: "process_cpu_seconds_total",
      help: "CPU time of the process",
      labels: {},
    }),
    processMemory: new Gauge({
      name: "process_resident_memory_bytes",
      help: "Physical memory of the process",
      labels: {},
    }),
    processHeap: new Gauge({
      name: "process_heap_bytes",
      help: "Memory of JavaScript objects",
      labels: {},
    }),
    processOpenFiles: new Gauge({
      name: "process_open_fds",
      help: "Open files and connections of the process, where the system shows them",
      labels: {},
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics of what the parts of the server count themselves, read when they are collected. */
import { buildInfo } from "../shared/build_info.ts";
import type { Clock } from "../shared/clock.ts";
import { version } from "../shared/version.ts";
import { bodyBudgets } from "./http/body_budget.ts";
import type { Listener } from "./http/listener.ts";
import type { Mail } from "./notifications/mail.ts";
import type { Webhook } from "./notifications/webhook.ts";
import type { OutboundHttp } from "./outbound/outbound_http.ts";
import { passwordQueueState } from "./security/password_hash.ts";
import { auditStreamTargets } from "./audit/stream/start_streams.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { auditBacklog } from "./store/audit_backlog.ts";
import { listStreams, type StreamState } from "./store/audit_log/streams.ts";
import type { Database, Sql } from "./store/db/connect.ts";
import { statementRetries } from "./store/db/retry_conflicts.ts";
import { countPendingDeviceAuthorizations } from "./store/device_authorizations.ts";
import { attemptRefusals } from "./store/failed_attempts.ts";
import { listTasks, type StoredTask } from "./store/housekeeping.ts";
import { listReplicas, type StoredReplica } from "./store/replicas.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { measureProcess } from "./telemetry/process_metrics.ts";
import { Sampler } from "./telemetry/sampler.ts";
import type { Replica } from "./replicas/replica.ts";
import type { TokenValidator } from "./validation/token_validator.ts";
import type { SigningKeys } from "./tokens/signing_keys.ts";

export interface ObserveDeps {
  metrics: Metrics;
  sql: Sql;
  database: Pick<Database, "maxConnections" | "openConnections" | "statements">;
  clock: Clock;
  config: Pick<ServerConfig, "auditStream">;
  keys: Pick<SigningKeys, "schedule">;
  mail: Pick<Mail, "queueState">;
  webhook: Pick<Webhook, "queueState">;
  tokenValidator: Pick<TokenValidator, "queueState">;
  http: Pick<OutboundHttp, "queueState">;
  listener: Pick<Listener, "connections">;
  replica: Pick<Replica, "id" | "name">;
}

export interface Observation extends Disposable {
  /** Updates what only the database knows. */
  sampler: Pick<Sampler, "sample">;
}

export function observe(deps: ObserveDeps): Observation {
  const { metrics, listener } = deps;
  const deno = Deno.version.deno;
  metrics.buildInfo.set({ version, commit: buildInfo.commit, deno }, 1);
  metrics.replicaInfo.set({ id: deps.replica.id, name: deps.replica.name }, 1);
  metrics.httpConnections.read(() => [[{}, listener.connections()?.open]]);
  metrics.httpConnectionsMax.read(() => [[{}, listener.connections()?.limit]]);
  metrics.httpConnectionsClosed.read(() =>
    (["overdue", "surplus"] as const)
      .map((reason) => [{ reason }, listener.connections()?.closed[reason]])
  );
  for (const size of ["small", "large"] as const) {
    metrics.httpBodyBytes.read(() => [[{ size }, bodyBudgets[size].held]]);
    metrics.httpBodiesRejected.read(() => [[{ size }, bodyBudgets[size].rejected]]);
    metrics.httpBodyBytesMax.read(() => [[{ size }, bodyBudgets[size].limit]]);
  }
  metrics.rateLimitRefusals.read(() =>
    [...attemptRefusals()].map(([limit, count]) => [{ limit }, count])
  );
  metrics.databaseConnections.read(() => [[{}, deps.database.openConnections()]]);
  metrics.databaseConnectionsMax.set({}, deps.database.maxConnections);
  metrics.databaseRetries.read(() =>
    (["conflict", "read_only", "connection"] as const)
      .map((reason) => [{ reason }, statementRetries[reason]])
  );
  const { statements } = deps.database;
  metrics.databaseStatementsWaiting.read(() => [[{}, statements.waiting]]);
  metrics.databaseOldestWait.read(() => [[{}, statements.oldestWaitMs / 1000]]);
  metrics.databaseStatementsShed.read(() =>
    (["full", "timeout"] as const).map((reason) => [{ reason }, statements.shed[reason]])
  );
  observeQueues(deps);
  metrics.signingKeyCreated.read(() =>
    deps.keys.schedule.map((
      { algorithm, createdAt },
    ) => [{ algorithm }, createdAt.getTime() / 1000])
  );
  metrics.signingKeyRotation.read(() =>
    deps.keys.schedule.map((
      { algorithm, replacedAt },
    ) => [{ algorithm }, replacedAt.getTime() / 1000])
  );
  const process = measureProcess(metrics);
  return { sampler: databaseSampler(deps), [Symbol.dispose]: () => process[Symbol.dispose]() };
}

function observeQueues({ metrics, mail, webhook, tokenValidator, http }: ObserveDeps): void {
  const queues = {
    mail: () => mail.queueState,
    webhook: () => webhook.queueState,
    password_hashing: () => ({ ...passwordQueueState(), retrying: 0 }),
    token_checks: () => ({ ...tokenValidator.queueState, retrying: 0 }),
    outbound: () => ({ ...http.queueState, retrying: 0 }),
  };
  const names = ["mail", "webhook", "password_hashing", "token_checks", "outbound"] as const;
  metrics.queueTasks.read(() =>
    names.flatMap((queue) => {
      const state = queues[queue]();
      return (["running", "waiting", "retrying"] as const)
        .map((name) => [{ queue, state: name }, state[name]] as const);
    })
  );
  metrics.queueLimit.read(() => names.map((queue) => [{ queue }, queues[queue]().limit]));
  metrics.queueRejections.read(() => names.map((queue) => [{ queue }, queues[queue]().rejected]));
  metrics.deliveries.read(() =>
    (["mail", "webhook"] as const).flatMap((queue) => {
      const { results } = queues[queue]();
      return (["delivered", "failed", "abandoned"] as const)
        .map((result) => [{ queue, result }, results[result]] as const);
    })
  );
}

function databaseSampler({ metrics, sql, clock, config }: ObserveDeps): Sampler {
  let tasks: StoredTask[] = [];
  let replicas: StoredReplica[] = [];
  let streams: StreamState[] = [];
  const targets = auditStreamTargets(config).map(({ name }) => name);
  const sampler = new Sampler(async () => {
    const sentAt = clock.now();
    const { pending, databaseTime } = await countPendingDeviceAuthorizations(sql, new Date(sentAt));
    // As if the database had answered half-way.
    const offset = databaseTime.getTime() - (sentAt + clock.now()) / 2;
    metrics.loginsWaiting.set({}, pending);
    metrics.databaseClockOffset.set({}, offset / 1000);
    const backlog = await auditBacklog(sql);
    metrics.auditUnsealed.set({}, backlog.events);
    metrics.auditUnsealedAge.set({}, backlog.oldestSeconds);
    streams = await listStreams(sql, targets);
    tasks = await listTasks(sql);
    replicas = (await listReplicas(sql)).filter(({ isAlive }) => isAlive);
  });
  metrics.replicas.read(() => replicas.map(({ version }) => [{ version }, 1]));
  metrics.auditStreamLag.read(() =>
    streams.map(({ target, lagSeconds }) => [{ target }, lagSeconds])
  );
  metrics.auditStreamFailing.read(() =>
    streams.map(({ target, failing }) => [{ target }, failing ? 1 : 0])
  );
  const ofTasks = (
    gauge: typeof metrics.housekeepingSuccess,
    value: (task: StoredTask) => number | undefined,
  ) => gauge.read(() => tasks.map((stored) => [{ task: stored.task }, value(stored)]));
  ofTasks(
    metrics.housekeepingSuccess,
    ({ succeededAt }) => succeededAt && succeededAt.getTime() / 1000,
  );
  ofTasks(metrics.housekeepingDuration, ({ durationMs }) => durationMs && durationMs / 1000);
  ofTasks(metrics.housekeepingRows, ({ rows }) => rows);
  ofTasks(metrics.housekeepingFailing, ({ error }) => error === undefined ? 0 : 1);
  return sampler;
}

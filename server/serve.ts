import { version } from "../shared/version.ts";
import { trustAuthorities } from "../shared/certificate_authorities.ts";
import { pause, withTimeout } from "../shared/deadline.ts";
import { syncDeclaredGroups } from "./access/declared_groups.ts";
import { applyAtStart } from "./admin/apply/apply_at_start.ts";
import { openAdminRpc } from "./admin/rpc.ts";
import { app, type AppDeps } from "./app.ts";
import { prepareAuditLog } from "./audit/maintain.ts";
import { recordServerStart, recordServerStop } from "./audit/server_events.ts";
import { AuditSealer } from "./audit/sealer.ts";
import { startAuditStreams } from "./audit/stream/start_streams.ts";

import { defaultIssuer } from "./config/default_issuer.ts";
import { authoritySources } from "./config/authority_sources.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { CONNECTION_BOUNDS } from "./http/connection_limits.ts";
import { Rechecks } from "./shared_signals/rechecks.ts";
import { IdentityProviderClients } from "./identity_providers/identity_provider_clients.ts";
import { JwksCache } from "./federation/jwks_cache.ts";
import { startCertificateReload } from "./certificate_reload.ts";
import { startPeriodicTasks } from "./periodic_tasks.ts";
import { startHeartbeat } from "./replicas/heartbeat.ts";
import { describeReplica } from "./replicas/replica.ts";
import { observe } from "./observe.ts";
import { metricsEndpoint, metricsSite } from "./telemetry/endpoint.ts";
import {
  ANY_LOOPBACK_PORT,
  listenForMetrics,
  type MetricsListener,
} from "./telemetry/metrics_listener.ts";
import { startOtlpExport } from "./otlp_export.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
import { activeTraceId } from "./telemetry/tracing.ts";
import { listen, type Listener } from "./http/listener.ts";
import { UntrustedForwarders } from "./http/untrusted_forwarders.ts";
import { ListenError, listenError } from "./http/listen_problem.ts";
import { procFiles } from "./http/port_holder.ts";
import type { Log } from "./log.ts";
import { Mail } from "./notifications/mail.ts";
import { machineNetwork } from "./outbound/network.ts";
import { OutboundHttp } from "./outbound/outbound_http.ts";
import type { ServerIo } from "./io.ts";
import type { OnStartProgress } from "./start_progress.ts";
import { secretKeyWarnings } from "./replicas/secret_key_warnings.ts";
import { startStep } from "./start_step.ts";
import { openStorage } from "./open_store.ts";
import { setReplicaId } from "./request_context.ts";
import { ResourceCatalog } from "./resources/catalog.ts";
import { createSetupLink } from "./store/setup_links.ts";
import { hasUsers, lacksAdministrator } from "./store/users.ts";
import { readTlsPair } from "./config/tls_pair.ts";
import type { WorkerRole } from "./workers/worker_role.ts";
import { TokenValidator } from "./validation/token_validator.ts";
import { Webhook } from "./notifications/webhook.ts";

/**
 * How long a server that stops waits at least for what it does in the background: writing the last
 * uses of tokens, delivering messages.
 */
const MIN_FLUSH_MS = 5_000;

export interface RunningServer {
  issuer: string;
  /** Where it listens. */
  address: Deno.NetAddr;
  /** Where its metrics are, if they have a listener of their own. */
  metricsUrl?: string;
  /** Description of the database. */
  storage: string;
  migrated: string[];
  /** Where to create the first administrator; undefined once there is a user. */
  setupUrl?: string;
  /** Waits for requests in progress, then closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts the server: opens the database, listens, and opens the admin RPC. Throws TlsPairError,
 * CertificateAuthorityError, FolderLocked, EncryptionKeyError, ListenError, or the database's own error.
 */
export async function startServer(
  config: ServerConfig,
  io: ServerIo & { onProgress: OnStartProgress },
  writeLog: Log,
  role?: WorkerRole,
): Promise<RunningServer> {
  // What concerns all workers is reported by the first.
  const isFirst = role === undefined || role.worker === 1;
  const metrics = createMetrics();
  const log = countedLog(writeLog, metrics);
  const tls = config.tls && await readTlsPair(config.tls, io.clock);
  if (isFirst && tls?.warning !== undefined) {
    log("warn", "tls_certificate", { reason: tls.warning.message });
  }
  trustAuthorities(authoritySources(config, io));
  const storage = await openStorage(config, io, "serve", metrics);
  const { sql, statements } = storage.database;
  statements.onShed = (count) => log("warn", "overloaded", { rejected_statements: count });
  // The application needs the port, which the system may pick.
  let handle = (_request: Request, _peer: string): Response | Promise<Response> =>
    new Response(null, { status: 503, headers: { "retry-after": "1" } });
  let server: Listener;
  let metricsListener: MetricsListener | undefined;
  try {
    metricsListener = config.metrics.listen &&
      // The parent of workers has the address of the settings, and combines what they count.
      listenForMetrics(role === undefined ? config.metrics.listen : ANY_LOOPBACK_PORT, log);
    server = listen(
      {
        ...config.listen,
        ...role && { port: role.port, reusePort: true },
        ...tls && { cert: tls.cert, key: tls.key },
        onListen: () => {},
        onError: () =>
          new Response("The server failed to respond. Try again shortly.", { status: 500 }),
      },
      (request, peer) => handle(request, peer.hostname),
      log,
      CONNECTION_BOUNDS,
    );
  } catch (error) {
    await metricsListener?.listener.shutdown();
    await storage.database.close(0);
    throw error instanceof ListenError ? error : listenError(error, config.listen, procFiles);
  }
  const replica = describeReplica(role?.worker);
  setReplicaId(replica.id);
  const issuer = config.issuer ?? defaultIssuer(config, server.addr);
  const { clock } = io;
  const http = new OutboundHttp(machineNetwork(io.env));
  const identityProviders = new IdentityProviderClients({ ...storage, sql, clock, http, config });
  const jwksCache = new JwksCache(clock, http, config.federation.privateIssuers);
  const preparing = {
    doing: "preparing to serve",
    seconds: 90,
    advice: "Check whether another session holds a lock in the database.",
  };
  await startStep(io, preparing, () => prepareAuditLog({ sql, clock, log }));
  const conflicts = await startStep(
    io,
    preparing,
    () => syncDeclaredGroups(sql, clock, config.groups),
  );
  for (const group of isFirst ? conflicts : []) {
    const reason =
      "another group differs only in upper and lower case: remove it with the command " +
      "admin group remove, or declare that name";
    log("error", "group_conflict", { group, reason });
  }
  if (isFirst && await startStep(io, preparing, () => lacksAdministrator(sql))) {
    const reason =
      "no administrator can sign in: grant the role with the command admin user update " +
      "ADDRESS --admin, or set a password with admin user reset-password";
    log("warn", "no_administrator", { reason });
  }
  const catalog = await startStep(
    io,
    preparing,
    () => ResourceCatalog.load({ sql, config, issuer }),
  );
  storage.keys.reportFailures((reason) => log("error", "signing_failed", { reason }));
  const tokenValidator = await startStep(
    io,
    preparing,
    () =>
      TokenValidator.start({
        ...{ ...storage, catalog, clock, log, issuer, metrics },
        outageGrace: config.databaseOutageGrace || undefined,
      }),
  );
  const stopping = new AbortController();
  const deps: AppDeps = {
    ...{ replica, stopping: stopping.signal },
    ...{ ...storage, sql, config, issuer, clock, log, catalog, jwksCache, tokenValidator, http },
    identityProviders,
    rechecks: new Rechecks({ ...storage, sql, clock, log, config, identityProviders }),
    webhook: new Webhook(config.webhook, clock, log, http, config.outboundPrivateAddresses),
    mail: new Mail(config.mail, log),
    untrustedForwarders: new UntrustedForwarders(),
    metrics,
  };
  const { applyFile } = config;
  if (isFirst && applyFile !== undefined && applyFile !== "") {
    await startStep(io, preparing, () => applyAtStart(deps, applyFile, io));
  }
  const observation = observe({ ...deps, listener: server });
  const { token } = config.metrics;
  const endpoint = metricsEndpoint({ metrics, sampler: observation.sampler, token });
  metricsListener?.serve(metricsSite(endpoint));
  const telemetry = startOtlpExport(io.env, { metrics, log, http, sampler: observation.sampler });
  const isOnMain = metricsListener === undefined && token !== undefined;
  const routes = app({ ...deps, ...isOnMain && { metricsEndpoint: endpoint } });
  const hostRequired = config.tls === undefined;
  handle = (request, peer) => routes.fetch(request, { peer, hostRequired });

  const adminRpc = config.databaseUrl === undefined
    ? await openAdminRpc(config.dataDir, { ...deps, snapshot: storage.database.snapshot })
    : undefined;
  const { keyId: secretKeyId, acceptedKeyIds } = storage.encryption;
  const heartbeat = await startStep(
    io,
    preparing,
    () =>
      startHeartbeat(
        sql,
        { ...replica, secretKeyId, acceptedKeyIds },
        undefined,
        () => deps.untrustedForwarders.list(),
      ),
  );
  for (const reason of await startStep(io, preparing, () => secretKeyWarnings(sql, storage))) {
    log("warn", "secret_key_not_shared", { reason });
  }
  const auditStreams = await startStep(
    io,
    preparing,
    () => startAuditStreams({ ...deps, replica }, io.env),
  );
  await startStep(io, preparing, () =>
    recordServerStart(deps, {
      version,
      address: `${server.addr.hostname}:${server.addr.port}`,
      isFirst,
    }));
  const sealer = new AuditSealer(deps);
  sealer.start();
  const periodicTasks = startPeriodicTasks(deps);
  if (isFirst) void deps.mail.probe();
  const certificate = config.tls && tls &&
    startCertificateReload({ tls: config.tls, clock, log, listener: server }, tls);
  metrics.certificateExpiry.read(() => [[
    {},
    certificate && certificate.expiresAt.getTime() / 1000,
  ]]);
  if (certificate !== undefined) io.onHangup?.(() => void certificate.reload());
  return {
    issuer,
    address: server.addr,
    metricsUrl: metricsListener?.url,
    storage: storage.database.description,
    migrated: storage.migrated,
    setupUrl: isFirst ? await startStep(io, preparing, () => setupUrl(deps)) : undefined,
    async stop() {
      stopping.abort();
      server.drain();
      if (config.stopDelay > 0) await pause(config.stopDelay * 1000, new AbortController().signal);
      const startedAt = performance.now();
      const timeoutMs = config.stopTimeout * 1000;
      await Promise.all([
        withTimeout(server.shutdown(), timeoutMs).catch(() => {}),
        withTimeout(periodicTasks.stop(), timeoutMs).catch(() => {}),
        certificate?.stop(),
      ]);
      const flush = async () => {
        await Promise.all([tokenValidator.close(), deps.rechecks.close(), adminRpc?.close()]);
        // Requests and rechecks have queued their last messages by now.
        await Promise.all([deps.webhook.close(), deps.mail.close()]);
        await recordServerStop(deps);
        await Promise.all([sealer.stop(), auditStreams.stop()]);
        await heartbeat.stop();
      };
      const leftMs = timeoutMs - (performance.now() - startedAt);
      await withTimeout(flush(), Math.max(leftMs, MIN_FLUSH_MS)).catch(() => {});
      observation[Symbol.dispose]();
      await telemetry?.close();
      await metricsListener?.listener.shutdown();
      await storage.database.close();
    },
  };
}

/** Counts each event, shown or not, and adds the trace that it belongs to. */
function countedLog(log: Log, { logLines }: Pick<Metrics, "logLines">): Log {
  return (level, event, fields) => {
    logLines.increase({ level });
    const traceId = activeTraceId();
    log(level, event, traceId === undefined ? fields : { ...fields, trace_id: traceId });
  };
}

async function setupUrl(
  { sql, clock, issuer }: Pick<AppDeps, "sql" | "clock" | "issuer">,
): Promise<string | undefined> {
  if (await hasUsers(sql)) return undefined;
  const token = await createSetupLink(sql, clock);
  return `${issuer}/setup?token=${token}`;
}

import type { ServerConfig } from "../config/server_config.ts";
import { listenError } from "../http/listen_problem.ts";
import { procFiles } from "../http/port_holder.ts";
import type { ServerIo } from "../io.ts";
import type { Log } from "../log.ts";
import { machineNetwork } from "../outbound/network.ts";
import { OutboundHttp } from "../outbound/outbound_http.ts";
import { listenForMetrics } from "../telemetry/metrics_listener.ts";
import { superviseWorkers, type Supervisor } from "./supervisor.ts";
import { workersMetrics } from "./worker_metrics.ts";
import { startWorkerProcess } from "./worker_process.ts";

/**
 * Starts the workers, which share one port (SO_REUSEPORT of socket(7)): the system gives each of
 * them a part of the connections. Throws ListenError and WorkerError.
 */
export async function startWorkers(
  config: ServerConfig,
  io: Pick<ServerIo, "stderr" | "onHangup" | "signal" | "env">,
  log: Log,
  count: number,
): Promise<Supervisor & { metricsUrl?: string }> {
  const port = freePort(config.listen);
  const metrics = config.metrics.listen && listenForMetrics(config.metrics.listen, log);
  const supervisor = await superviseWorkers(
    { startWorker: startWorkerProcess, stderr: io.stderr, log },
    { count, port, stopMs: (config.stopDelay + config.stopTimeout) * 1000, signal: io.signal },
  ).catch(async (error) => {
    await metrics?.listener.shutdown();
    throw error;
  });
  metrics?.serve(workersMetrics({
    http: new OutboundHttp(machineNetwork(io.env)),
    token: config.metrics.token,
    urls: supervisor.metricsUrls,
  }));
  // Without TLS there is nothing to reload, and SIGHUP ends the processes.
  if (config.tls !== undefined) io.onHangup?.(() => supervisor.reload());
  return {
    ...supervisor,
    metricsUrl: metrics?.url,
    async stop() {
      await supervisor.stop();
      await metrics?.listener.shutdown();
    },
  };
}

/** Workers would share a port that another program of this user listens on. */
function freePort(listen: ServerConfig["listen"]): number {
  try {
    const probe = Deno.listen(listen);
    probe.close();
    return probe.addr.port;
  } catch (error) {
    throw listenError(error, listen, procFiles);
  }
}

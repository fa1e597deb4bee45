import type { ServerConfig } from "../config/server_config.ts";
import { listenError } from "../http/listen_problem.ts";
import { procFiles } from "../http/port_holder.ts";
import type { ServerIo } from "../io.ts";
import type { Log } from "../log.ts";
import { superviseWorkers, type Supervisor } from "./supervisor.ts";
import { startWorkerProcess } from "./worker_process.ts";

/**
 * Starts the workers, which share one port (SO_REUSEPORT of socket(7)): the system gives each of
 * them a part of the connections. Throws ListenError and WorkerError.
 */
export async function startWorkers(
  config: ServerConfig,
  io: Pick<ServerIo, "stderr" | "onHangup" | "signal">,
  log: Log,
  count: number,
): Promise<Supervisor> {
  const port = freePort(config.listen);
  const supervisor = await superviseWorkers(
    { startWorker: startWorkerProcess, stderr: io.stderr, log },
    { count, port, stopMs: (config.stopDelay + config.stopTimeout) * 1000, signal: io.signal },
  );
  // Without TLS there is nothing to reload, and SIGHUP ends the processes.
  if (config.tls !== undefined) io.onHangup?.(() => supervisor.reload());
  return supervisor;
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

import { EXIT } from "../../shared/exit_codes.ts";
import type { SettingFlags } from "../config/gather.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerIo } from "../io.ts";
import { workerCount } from "../workers/worker_count.ts";
import { workerRole } from "../workers/worker_role.ts";
import { type Running, serveOutput } from "./serve_output.ts";

/** `serve`: runs the server until it receives a signal; `--check` only checks the settings. */
export async function serve(options: SettingFlags, processIo: ServerIo): Promise<number> {
  const role = workerRole(processIo.env);
  const io = role === undefined
    ? processIo
    : (await import("../workers/follow_parent.ts")).followParent(processIo);
  if (options.json === true && options.check !== true) {
    const { reportUsage } = await import("./failure.ts");
    return reportUsage("--json is for the settings that --check prints.", io);
  }
  const loaded = await loadConfig(options, io);
  if (options.check === true) {
    const { checkSettings } = await import("./serve_check.ts");
    return await checkSettings(loaded, { json: options.json === true }, io);
  }
  const { config, problems, warnings, notes } = loaded;
  const output = serveOutput(loaded, io, role);
  if (problems.length > 0) {
    const { reportProblems } = await import("./failure.ts");
    return reportProblems(problems, output.messages("error"));
  }
  // Loading the server takes longer than a user waits without wondering what happens.
  output.starting();
  const { reportFailure, reportWarnings } = await import("./failure.ts");
  // The parent of a worker has reported them.
  if (role === undefined) {
    reportWarnings(warnings, output.messages("warn"));
    for (const { subject, source, message } of notes) {
      output.log("info", "setting_note", { setting: subject, source, reason: message });
    }
  }
  const { os } = io.platform;
  const count = role ? 1 : workerCount(config, { os, cores: navigator.hardwareConcurrency });
  let server: Running & { stop(): Promise<void> };
  let failed: Promise<never> | undefined;
  try {
    const { log, onProgress } = output;
    if (count > 1) {
      const { startWorkers } = await import("../workers/start_workers.ts");
      const workers = await startWorkers(config, { ...io, stderr: output.relay }, log, count);
      server = {
        ...workers.started,
        metricsUrl: workers.metricsUrl,
        workers: count,
        stop: workers.stop,
      };
      failed = workers.failed;
    } else {
      const { startServer } = await import("../serve.ts");
      const serverIo = { ...io, ...output.messages("info"), onProgress };
      server = await startServer(config, serverIo, log, role);
    }
  } catch (error) {
    return reportFailure(error, output.messages("error"));
  }
  output.started(server);
  let exitCode: number = EXIT.ok;
  try {
    await Promise.race([aborted(io.signal), ...failed === undefined ? [] : [failed]]);
  } catch (error) {
    exitCode = reportFailure(error, output.messages("error"));
  }
  output.stopping();
  await server.stop();
  output.stopped();
  return exitCode;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

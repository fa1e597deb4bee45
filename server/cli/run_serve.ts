import { EXIT } from "../../shared/exit_codes.ts";
import type { SettingFlags } from "../config/gather.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerIo } from "../io.ts";
import { serveOutput } from "./serve_output.ts";

/** `serve`: runs the server until it receives a signal; `--check` only checks the settings. */
export async function serve(options: SettingFlags, io: ServerIo): Promise<number> {
  if (options.json === true && options.check !== true) {
    const { reportUsage } = await import("./failure.ts");
    return reportUsage("--json is for the settings that --check prints.", io);
  }
  const loaded = await loadConfig(options, io);
  if (options.check === true) {
    const { checkSettings } = await import("./serve_check.ts");
    return await checkSettings(loaded, { json: options.json === true }, io);
  }
  const { config, problems, warnings } = loaded;
  const output = serveOutput(loaded, io);
  if (problems.length > 0) {
    const { reportProblems } = await import("./failure.ts");
    return reportProblems(problems, output.messages("error"));
  }
  // Loading the server takes longer than a user waits without wondering what happens.
  output.starting();
  const { reportFailure, reportWarnings } = await import("./failure.ts");
  reportWarnings(warnings, output.messages("warn"));
  let server;
  try {
    const { startServer } = await import("../serve.ts");
    const { log, onProgress } = output;
    server = await startServer(config, { ...io, ...output.messages("info"), onProgress }, log);
  } catch (error) {
    return reportFailure(error, output.messages("error"));
  }
  output.started(server);
  await aborted(io.signal);
  output.stopping();
  await server.stop();
  output.stopped();
  return EXIT.ok;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

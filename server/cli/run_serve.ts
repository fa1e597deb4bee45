import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import type { SettingFlags } from "../config/gather.ts";
import { loadConfig } from "../config/load.ts";
import { startServer } from "../serve.ts";
import type { ServerIo } from "../io.ts";
import { reportFailure, reportProblems, reportWarnings } from "./failure.ts";
import { checkSettings } from "./serve_check.ts";

/** `serve`: runs the server until it receives a signal; `--check` only checks the settings. */
export async function serve(options: SettingFlags, io: ServerIo): Promise<number> {
  const loaded = await loadConfig(options, io);
  if (options.check === true) return await checkSettings(loaded, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  reportWarnings(loaded.warnings, io);
  let server;
  try {
    server = await startServer(loaded.config, io);
  } catch (error) {
    return reportFailure(error, io);
  }
  io.stdout(`${brand.productName} is running\n`);
  io.stdout(`  Address   ${server.issuer}\n`);
  io.stdout(`  Data      ${server.storage}\n`);
  if (server.migrated.length > 0) io.stdout(`  Migrated  ${server.migrated.join(", ")}\n`);
  if (server.setupUrl !== undefined) {
    io.stdout(
      `\nThere are no users yet. Create the first administrator (link valid once, for 24 hours):\n`,
    );
    io.stdout(`  ${server.setupUrl}\n`);
  }
  io.stdout(`\nLog in from another terminal:\n`);
  io.stdout(
    `  ${brand.binaryName} login --server ${server.issuer}\n\nPress Ctrl-C to stop the server.\n`,
  );
  await aborted(io.signal);
  io.stderr("Stopping…\n");
  await server.stop();
  return EXIT.ok;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

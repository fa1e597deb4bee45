import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { loadConfig, type LoadedConfig, type SettingFlags } from "../config.ts";
import { startServer } from "../serve.ts";
import type { ServerIo } from "../server_io.ts";
import { reportFailure, reportProblems } from "./failure.ts";

/** `serve`: runs the server until it is told to stop; `--check` only looks at the settings. */
export async function serve(options: SettingFlags, io: ServerIo): Promise<number> {
  const loaded = await loadConfig(options, io);
  if (options.check === true) return check(loaded, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  for (const warning of loaded.warnings) io.stderr(`Warning: ${warning}\n`);
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
    io.stdout(`\nThere is no user yet. Make the first administrator (works once, for a day):\n`);
    io.stdout(`  ${server.setupUrl}\n`);
  }
  io.stdout(`\nLog in from another terminal:\n`);
  io.stdout(`  ${brand.binaryName} login --server ${server.issuer}\n\nCtrl-C stops the server.\n`);
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

function check({ config, effective, problems, warnings }: LoadedConfig, io: ServerIo): number {
  const width = Math.max(...effective.map(({ name }) => name.length));
  for (const { name, value, source, secret } of effective) {
    const shown = secret ? "********" : maskPassword(value);
    io.stdout(`${name.padEnd(width)}  ${shown || "none"}  (${source})\n`);
  }
  io.stdout(`${"scopes".padEnd(width)}  ${config.scopes.map((scope) => scope.name).join(" ")}\n`);
  for (const warning of warnings) io.stderr(`Warning: ${warning}\n`);
  if (problems.length > 0) return reportProblems(problems, io);
  io.stdout("\nThe settings are fine.\n");
  return EXIT.ok;
}

/** The database's address may hold its password, which may hold an @ itself. */
function maskPassword(value: string): string {
  return value.replace(/^(\w+:\/\/[^:@/]*):.*@/, "$1:********@")
    .replace(/([?&]password=)[^&]*/, "$1********");
}

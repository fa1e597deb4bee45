import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Setting, settings } from "../config/schema.ts";
import { loadConfig, type SettingFlags } from "../config/load.ts";
import { startServer } from "../serve.ts";
import type { ServerIo } from "../io.ts";
import { reportFailure, reportProblems, reportWarnings } from "./failure.ts";
import { checkSettings } from "./serve_check.ts";

/** `serve`: runs the server until it is told to stop; `--check` only tries the settings. */
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

export function declare(command: Command, server: Run<ServerIo>): void {
  const bin = brand.binaryName;

  for (const setting of settings as readonly Setting[]) {
    if (setting.secret) continue;
    const flag = `--${setting.name.replaceAll("_", "-")} <${setting.value}>`;
    command.option(flag, describeSetting(setting));
  }
  command
    .option("--config <file>", "read settings from this TOML file")
    .option("--check", "print the effective settings and what is wrong with them, then exit")
    .addHelpText(
      "after",
      `\nEvery setting can come from the environment too, as ${brand.envPrefix}_LISTEN and so on;
the command line wins over the environment, the environment over the file.\n` +
        examples(
          [`${bin} serve`, "on this machine, with an embedded database"],
          [
            `${bin} serve --issuer https://auth.example.com --trusted-proxies 10.0.0.0/8`,
            "behind a proxy",
          ],
          [`${bin} serve --check`, "what would be used"],
        ),
    )
    .action((options) => server((io) => serve(options, io)));
}

function describeSetting({ description, fallback }: Setting): string {
  return fallback ? `${description} (default: ${fallback})` : description;
}

/** Flags and help of `healthcheck`; its code is loaded when it runs. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { settings } from "../config/schema.ts";
import type { ServerIo } from "../io.ts";
import { addSetting, CONFIG_OPTION } from "./options.ts";

export function declare(command: Command, server: Run<ServerIo>): void {
  const listen = settings.find(({ name }) => name === "listen")!;
  addSetting(command, listen, "Options:");
  command
    .addOption(new Option(...CONFIG_OPTION))
    .addHelpText(
      "after",
      examples([`${brand.binaryName} healthcheck`, "exit with 0 if the server here is ready"]),
    )
    .action((options) =>
      server(async (io) => (await import("./run_healthcheck.ts")).healthcheck(options, io))
    );
}

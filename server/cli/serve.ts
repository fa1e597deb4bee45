import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { variableName } from "../config/gather.ts";
import { settingGroups, settings } from "../config/schema.ts";
import type { ServerIo } from "../io.ts";
import { addSetting, CONFIG_OPTION } from "./options.ts";

/** Flags and help of `serve`; the server is loaded when it runs. */
export function declare(command: Command, server: Run<ServerIo>): void {
  const bin = brand.binaryName;
  command
    .option(...CONFIG_OPTION)
    .option("--check", "print the effective settings and their problems, then exit");
  for (const { title, settings } of settingGroups) {
    command.optionsGroup(`${title}:`);
    for (const setting of settings) addSetting(command, setting);
  }
  command
    .addHelpText(
      "after",
      `\n${secretSettings()}
Every setting can also be set in the environment, such as ${variableName({ name: "listen" })}, or
in the config file. Flags override the environment, which overrides the file.\n` +
        examples(
          [`${bin} serve`, "on this machine, with an embedded database"],
          [
            `${bin} serve --issuer https://auth.example.com --trusted-proxies 10.0.0.0/8`,
            "behind a reverse proxy",
          ],
          [`${bin} serve --check`, "check the configuration without starting"],
        ),
    )
    .action((options) => server(async (io) => (await import("./run_serve.ts")).serve(options, io)));
}

function secretSettings(): string {
  const secrets = settings.filter(({ secret }) => secret);
  const width = Math.max(...secrets.map((setting) => variableName(setting).length));
  const lines = secrets.map((setting) =>
    `  ${variableName(setting).padEnd(width)}  ${setting.summary}\n`
  );
  return `Secret settings, in the environment or the config file only:\n${lines.join("")}`;
}

import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples, helpItems, helpParagraph } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { CONFIG_VARIABLE, platformConfigFile } from "../config/config_path.ts";
import { variableName } from "../config/gather.ts";
import { settingGroups, settings } from "../config/schema.ts";
import type { ServerIo } from "../io.ts";
import { addFileOfSetting, addSetting, CONFIG_OPTION } from "./options.ts";

/** Flags and help of `serve`; the server is loaded when it runs. */
export function declare(command: Command, server: Run<ServerIo>): void {
  const bin = brand.binaryName;
  command
    .option(...CONFIG_OPTION)
    .option("--check", "print the effective settings and their problems, then exit")
    .option("--json", "with --check: print JSON");
  for (const { title, settings } of settingGroups) {
    for (const setting of settings) {
      addSetting(command, setting, `${title}:`);
      addFileOfSetting(command, setting, `${title}:`);
    }
  }
  command
    .addHelpText("after", secretSettings())
    .addHelpText(
      "after",
      helpParagraph(
        `Every setting can also be set in the environment, such as ${
          variableName({ name: "listen" })
        }, or in the config file. Flags override the environment, which overrides the file.`,
      ),
    )
    .addHelpText(
      "after",
      helpItems(
        `Without --config and ${CONFIG_VARIABLE}, this file is read if it exists:`,
        [["Linux", "linux"], ["macOS", "darwin"], ["Windows", "windows"]]
          .map(([name, os]) => [name, platformConfigFile(os)]),
      ),
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} serve`, "on this machine, with an embedded database"],
        [
          `${bin} serve --issuer https://auth.example.com --trusted-proxies 10.0.0.0/8`,
          "behind a reverse proxy",
        ],
        [`${bin} serve --workers auto`, "one process for each core, with PostgreSQL"],
        [`${bin} serve --check`, "check the configuration without starting"],
      ),
    )
    .action((options) => server(async (io) => (await import("./run_serve.ts")).serve(options, io)));
}

function secretSettings() {
  return helpItems(
    "Secret settings, in the environment, the config file, or a file that a flag names:",
    settings.filter(({ secret }) => secret)
      .map((setting): [string, string] => [variableName(setting), setting.summary]),
  );
}

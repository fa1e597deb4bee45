/** Options of the operator's commands, from the declarations of the settings. */
import { type Command, Option } from "commander";
import { CONFIG_VARIABLE, platformConfigFile } from "../config/config_path.ts";
import { flagName } from "../config/gather.ts";
import { type SettingName, settings } from "../config/schema.ts";
import { acceptsFile, fileSettingName, type Setting } from "../config/setting.ts";

/** The options of `database`, as the command line passes them. A type, so that it is SettingFlags. */
export type DatabaseOptions = {
  config?: string;
  dataDir?: string;
  databaseUrl?: string;
  databaseUrlFile?: string;
};

/** The options that select the database, without others that a command has. */
export function databaseOf(
  { config, dataDir, databaseUrl, databaseUrlFile }: DatabaseOptions,
): DatabaseOptions {
  return { config, dataDir, databaseUrl, databaseUrlFile };
}

export const CONFIG_OPTION = [
  "--config <file>",
  `TOML file with settings (default: ${CONFIG_VARIABLE}, else ${
    platformConfigFile("linux")
  } on Linux)`,
] as const;

/** The options that select the database of a command. */
export function database(command: Command): Command {
  for (const name of ["data_dir", "database_url"] satisfies SettingName[]) {
    const setting = settings.find((setting) => setting.name === name)!;
    addSetting(command, setting, "Database:");
    addFileOfSetting(command, setting, "Database:");
  }
  return command.addOption(new Option(...CONFIG_OPTION).helpGroup("Database:"));
}

/** The flag of a setting. Secrets have none: other users of the machine could read it. */
export function addSetting(command: Command, setting: Setting, group: string): void {
  if (setting.secret) return;
  command.addOption(
    new Option(`${flagName(setting)} <${setting.type.placeholder}>`, describe(setting))
      .helpGroup(group),
  );
}

/** The flag that names a file with the value, for a setting that accepts one. */
export function addFileOfSetting(command: Command, setting: Setting, group: string): void {
  if (!acceptsFile(setting)) return;
  const flag = flagName({ name: fileSettingName(setting) });
  command.addOption(new Option(`${flag} <file>`, `file that has ${setting.name}`).helpGroup(group));
}

function describe({ summary, default: value, defaultText }: Setting): string {
  const effective = defaultText ?? value;
  return effective === undefined ? summary : `${summary} (default: ${effective})`;
}

import type { ServerIo } from "../io.ts";
import { scopeCatalog } from "./builtin_scopes.ts";
import { checkFiles } from "./check_files.ts";
import { type ConfigFile, readConfigFile } from "./config_file.ts";
import { defaultIssuer } from "./default_issuer.ts";
import { DEFAULT_SOURCE, gatherSettings, type SettingFlags, type SettingSource } from "./gather.ts";
import { parseSettings } from "./parse.ts";
import type { ConfigProblem } from "./problem.ts";
import { readSecretFiles } from "./secret_files.ts";
import { type SettingName, settings } from "./schema.ts";
import type { ServerConfig, SettingValues } from "./server_config.ts";
import { unknownVariables } from "./unknown_variables.ts";
import { unusedDataDir } from "./unused_data_dir.ts";
import { configWarnings, crossCheck, reservedScopes, sharedNames } from "./validate.ts";

/** One setting as it took effect, for `serve --check`; the empty text if it is not set. */
export interface EffectiveSetting extends SettingSource {
  name: SettingName;
}

export interface LoadedConfig {
  config: ServerConfig;
  configFile: Pick<ConfigFile, "path" | "namedBy" | "description" | "unreadable">;
  /** Whether a setting selects the database, as opposed to the default folder. */
  isDatabaseChosen: boolean;
  effective: EffectiveSetting[];
  /** The server starts only if there are none. */
  problems: ConfigProblem[];
  /** What works, but probably not as intended. */
  warnings: ConfigProblem[];
  /** What is as intended, but may surprise. */
  notes: ConfigProblem[];
}

/**
 * Loads the settings from flags, environment and file. Never throws for an invalid value: all
 * problems are returned, so that an operator can fix them in one go.
 */
export async function loadConfig(
  flags: SettingFlags,
  io: ServerIo,
  { folderWins = false } = {},
): Promise<LoadedConfig> {
  const file = await readConfigFile(flags.config, io);
  const gathered = gatherSettings(flags, io, file);
  const hasUrlFlag = (flags.databaseUrl ?? flags.databaseUrlFile) !== undefined;
  if (folderWins && flags.dataDir !== undefined && !hasUrlFlag) {
    gathered.sources.delete("database_url");
    gathered.sources.delete("database_listen_url");
  }
  // It could belong to another database than the flag.
  if (
    hasUrlFlag &&
    (flags.databaseListenUrl ?? flags.databaseListenUrlFile) === undefined
  ) {
    gathered.sources.delete("database_listen_url");
  }
  const { sources, problems: secretProblems } = await readSecretFiles(gathered.sources, io);
  const parsed = parseSettings(sources);
  const config = toServerConfig(parsed.values, file);
  const unknown = unknownVariables(io.env);
  const isDatabaseChosen = DATABASE_SETTINGS.some((name) =>
    sources.has(name) && sources.get(name)?.source !== DEFAULT_SOURCE
  );
  const unreadable = file.unreadable === undefined ? [] : [file.unreadable];
  const problems = [
    // Without the file, a command would act on the default database instead of the server's.
    ...isDatabaseChosen ? [] : unreadable.map(({ problem }) => problem),
    ...file.problems,
    ...gathered.problems,
    ...secretProblems,
    ...[
      ...parsed.problems,
      ...crossCheck(config, sources, parsed.invalid, io.platform.os),
    ].map((problem) => withSource(problem, sources)),
    ...reservedScopes(file.scopes),
    ...sharedNames(config, file.resources),
    ...await checkFiles(usedFiles(config, sources), file),
    ...unknown.problems,
  ];
  const unused = unusedDataDir(sources);
  const warnings = [
    ...isDatabaseChosen ? unreadable.map(({ warning }) => warning) : [],
    ...configWarnings(config, io.env),
    ...unused.warnings,
    ...unknown.warnings,
  ];
  const { notes } = unused;
  const effective = effectiveSettings(config, sources);
  return { config, configFile: file, isDatabaseChosen, effective, problems, warnings, notes };
}

/**
 * For an operator's command: with the flag `--data-dir` it acts on that folder, such as one that was
 * restored, and not on the database in use that `database_url` of the file or the environment names.
 */
export function loadAdminConfig(flags: SettingFlags, io: ServerIo): Promise<LoadedConfig> {
  return loadConfig(flags, io, { folderWins: true });
}

const DATABASE_SETTINGS: readonly SettingName[] = ["data_dir", "database_url"];

function withSource(
  problem: ConfigProblem,
  sources: ReadonlyMap<string, SettingSource>,
): ConfigProblem {
  const source = sources.get(problem.subject)?.source;
  return source === undefined || source === DEFAULT_SOURCE ? problem : { ...problem, source };
}

/** Without the folder of the embedded database where `database_url` is set, valid or not. */
function usedFiles(
  config: ServerConfig,
  sources: ReadonlyMap<SettingName, SettingSource>,
): ServerConfig {
  return sources.has("database_url") ? { ...config, dataDir: "" } : config;
}

/** Joins the settings that are used in pairs, and adds the scopes, which only the file can have. */
function toServerConfig(values: SettingValues, file: ConfigFile): ServerConfig {
  const { tlsCert, tlsKey, webhookUrl, webhookSecret, smtpUrl, mailFrom, dataDir, ...rest } =
    values;
  return {
    ...rest,
    dataDir: dataDir ?? "",
    ...tlsCert !== undefined && tlsKey !== undefined &&
      { tls: { certFile: tlsCert, keyFile: tlsKey } },
    ...webhookUrl !== undefined && { webhook: { url: webhookUrl, secret: webhookSecret } },
    ...smtpUrl !== undefined && mailFrom !== undefined &&
      { mail: { url: smtpUrl, from: mailFrom } },
    scopes: scopeCatalog(file.scopes),
    resources: file.resources.map(({ resource }) => resource),
    groups: file.groups,
  };
}

function effectiveSettings(
  config: ServerConfig,
  sources: ReadonlyMap<SettingName, SettingSource>,
): EffectiveSetting[] {
  const issuer = config.issuer ?? defaultIssuer(config, config.listen);
  // Defaults that follow from other settings.
  const derived: Partial<Record<SettingName, string>> = { issuer, audience: issuer };
  return settings.map(({ name }) => {
    const source = sources.get(name) ?? { text: derived[name] ?? "", source: DEFAULT_SOURCE };
    return { name, ...source };
  });
}

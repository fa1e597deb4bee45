import { trustAuthorities } from "../../shared/certificate_authorities.ts";
import { listText } from "../../shared/list_text.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../shared/sanitize.ts";
import { authoritySources } from "../config/authority_sources.ts";
import type { EffectiveSetting, LoadedConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { listenError } from "../http/listen_problem.ts";
import { portHolder, procFiles } from "../http/port_holder.ts";
import type { Log } from "../log.ts";
import { Mail } from "../notifications/mail.ts";
import { readAppliedFile } from "../admin/apply/apply_at_start.ts";
import { geoipLookup } from "../geoip.ts";
import type { ServerIo } from "../io.ts";
import { settings } from "../config/schema.ts";
import { displayUrl, MASK } from "../config/setting_url.ts";
import { tryStorage } from "../open_store.ts";
import { describeEmbedded } from "../store/db/connect.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { readSecretFile } from "../config/secret_files.ts";
import { loadSigners } from "../tokens/load_signers.ts";
import { readTlsPair } from "../config/tls_pair.ts";
import { configuredScopes } from "../config/validate.ts";
import type { ConfigProblem } from "../config/problem.ts";
import {
  describeFailure,
  failureExitCode,
  reportFailure,
  reportNotes,
  reportProblems,
  reportWarnings,
} from "./failure.ts";

/** A warning with the code that `--json` prints. */
type Warning = Pick<ConfigProblem, "subject" | "message" | "source"> & { code: string };

/** Where the data is, and what a start would change there. */
interface StorageCheck {
  description: string;
  state: "ready" | "missing" | "in_use";
  pendingMigrations: string[];
}

/**
 * `serve --check`: prints every setting with its value and source, then tests what a start would
 * use: certificates, address, database, mail server, GeoIP file. It creates and changes nothing.
 */
export async function checkSettings(
  loaded: LoadedConfig,
  { json = false }: { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return json ? await checkAsJson(loaded, io) : await checkAsText(loaded, io);
}

async function checkAsText(loaded: LoadedConfig, io: ServerIo): Promise<number> {
  const { config, problems } = loaded;
  printSettings(loaded, io);
  reportWarnings(loaded.warnings, io);
  reportNotes(loaded.notes, io);
  if (problems.length > 0) return reportProblems(problems, io);
  try {
    const storage = await tryStart(config, (warning) => reportWarnings([warning], io), io);
    io.stdout(`\nDatabase: ${sanitizeLine(describeStorage(storage), 500)}\n`);
  } catch (error) {
    return reportFailure(error, io);
  }
  await tryServices(config, (warning) => reportWarnings([warning], io), io);
  io.stdout("\nThe configuration is valid.\n");
  return EXIT.ok;
}

/** As docs/schemas/serve.schema.json says. */
async function checkAsJson(loaded: LoadedConfig, io: ServerIo): Promise<number> {
  const { config, configFile, effective } = loaded;
  const problems: Warning[] = [...loaded.problems];
  const warnings: Warning[] = [...loaded.warnings];
  const warn = (warning: Warning) => void warnings.push(warning);
  let storage: StorageCheck | undefined;
  let exitCode: number = problems.length > 0 ? EXIT.usage : EXIT.ok;
  if (exitCode === EXIT.ok) {
    try {
      storage = await tryStart(config, warn, io);
      await tryServices(config, warn, io);
    } catch (error) {
      exitCode = failureExitCode(error);
      problems.push({ code: "start_failed", subject: "start", message: describeFailure(error) });
    }
  }
  const toJson = ({ code, subject, source, message }: Warning) => {
    return { code, subject, source: source ?? null, message };
  };
  io.stdout(formatJson({
    valid: exitCode === EXIT.ok,
    configFile: configFile.path ?? null,
    settings: effective.map((setting) => ({
      name: setting.name,
      value: withoutSecrets(setting) || null,
      source: setting.source,
    })),
    scopes: config.scopes.map(({ name }) => name),
    resources: config.resources.map(({ name, identifier, scopes }) => ({
      name,
      identifier,
      scopes: scopes.map(({ name }) => name),
    })),
    groups: config.groups.map(({ name }) => name),
    scopeDeviceFlow: restrictedScopes(config),
    database: storage ?? null,
    problems: problems.map(toJson),
    warnings: warnings.map(toJson),
  }));
  return exitCode;
}

/** Throws what would prevent a start. */
async function tryStart(
  config: ServerConfig,
  warn: (warning: Warning) => void,
  io: ServerIo,
): Promise<StorageCheck> {
  if (config.tls !== undefined) {
    const { warning } = await readTlsPair(config.tls, io.clock);
    if (warning !== undefined) warn({ code: "certificate", ...warning });
  }
  await loadSigners(config, io.env, (file) => readSecretFile(file, io.env));
  trustAuthorities(authoritySources(config, io));
  tryListening(config, warn);
  return await checkStorage(config, io);
}

/** What the server can start without: mail, locations and the file that it applies. */
async function tryServices(
  config: ServerConfig,
  warn: (warning: Warning) => void,
  io: ServerIo,
): Promise<void> {
  const log: Log = (_level, event, { reason } = {}) =>
    warn({ code: event, subject: event.replaceAll("_", " "), message: String(reason) });
  // The file is read at the first lookup.
  await geoipLookup(config.geoipFile, log)("192.0.2.1");
  if (config.applyFile) {
    const state = await readAppliedFile(config.applyFile, io);
    for (const problem of Array.isArray(state) ? state : []) {
      warn({ ...problem, code: "apply_failed" });
    }
  }
  const mail = new Mail(config.mail, log);
  await mail.probe();
  await mail.close();
}

function printSettings({ config, configFile, effective }: LoadedConfig, io: ServerIo): void {
  io.stdout(`Configuration: ${sanitizeLine(configFile.description, 1000)}\n\n`);
  const width = Math.max(...effective.map(({ name }) => name.length));
  for (const setting of effective) {
    const text = sanitizeLine(withoutSecrets(setting), 1000) || "none";
    io.stdout(`${setting.name.padEnd(width)}  ${text}  (${setting.source})\n`);
  }
  io.stdout(`${"scopes".padEnd(width)}  ${config.scopes.map((scope) => scope.name).join(" ")}\n`);
  const restricted = Object.entries(restrictedScopes(config))
    .map(([name, rules]) => `${name}: ${rules.join(" ")}`);
  if (restricted.length > 0) {
    io.stdout(`${"scope device_flow".padEnd(width)}  ${restricted.join(", ")}\n`);
  }
  if (config.groups.length > 0) {
    const names = config.groups.map(({ name }) => name).join(" ");
    io.stdout(`${"groups".padEnd(width)}  ${names}\n`);
  }
  if (config.resources.length === 0) return;
  io.stdout("\nResources:\n");
  for (const { name, identifier, scopes } of config.resources) {
    const names = listText(scopes.map(({ name }) => name), "no scopes");
    io.stdout(`${name.padEnd(width)}  ${identifier}  ${names}\n`);
  }
}

/** The rules for device logins of each scope that has any. */
function restrictedScopes(config: ServerConfig): Record<string, readonly string[]> {
  return Object.fromEntries(
    configuredScopes(config).flatMap(({ name, deviceFlow = [] }) =>
      deviceFlow.length > 0 ? [[name, deviceFlow]] : []
    ),
  );
}

function withoutSecrets({ name, text }: EffectiveSetting): string {
  const { secret, type } = settings.find((setting) => setting.name === name)!;
  if (text === "") return "";
  if (secret) return MASK;
  if (type.display !== undefined) return type.display(text);
  // A URL in place of another value may have a password too.
  return text.includes("://") ? displayUrl(text) : text;
}

/** Throws ListenError. A port in use is worth a warning only: it may be this server that uses it. */
function tryListening(
  { listen }: ServerConfig,
  warn: (warning: Warning) => void,
): void {
  try {
    Deno.listen(listen).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw listenError(error, listen, procFiles);
    const holder = portHolder(listen.port, procFiles);
    const message = `${listen.hostname}:${listen.port} is in use${
      holder === undefined ? "" : ` by ${holder}`
    }. If that is not this server, choose another address.`;
    warn({ code: "address_in_use", subject: "listen", message });
  }
}

/** The database and what a start would change in it. Throws what would prevent a start. */
async function checkStorage(config: ServerConfig, io: ServerIo): Promise<StorageCheck> {
  try {
    const { description, pending } = await tryStorage(config, io);
    return { description, state: "ready", pendingMigrations: pending };
  } catch (error) {
    // Neither prevents a start: the first start creates the database, and the folder may be in
    // use by the running server whose settings are checked.
    if (error instanceof NoDatabase) {
      return { description: error.place, state: "missing", pendingMigrations: [] };
    }
    if (error instanceof FolderLocked) {
      const description = describeEmbedded(embeddedFolder(config.dataDir));
      return { description, state: "in_use", pendingMigrations: [] };
    }
    throw error;
  }
}

function describeStorage({ description, state, pendingMigrations }: StorageCheck): string {
  if (state === "missing") return `${description}; the first start creates it`;
  if (state === "in_use") return `${description}; in use by another process`;
  return pendingMigrations.length === 0
    ? description
    : `${description}; the next start applies ${pendingMigrations.join(", ")}`;
}

import { trustAuthorities } from "../../shared/certificate_authorities.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { authoritySources } from "../config/authority_sources.ts";
import type { EffectiveSetting, LoadedConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { listenError } from "../http/listen_problem.ts";
import { portHolder, procFiles } from "../http/port_holder.ts";
import type { Log } from "../log.ts";
import { Mail } from "../notifications/mail.ts";
import { geoipLookup } from "../geoip.ts";
import type { ServerIo } from "../io.ts";
import { settings } from "../config/schema.ts";
import { displayUrl, MASK } from "../config/setting_url.ts";
import { tryStorage } from "../open_store.ts";
import { describeEmbedded } from "../store/db/connect.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { readTlsPair } from "../config/tls_pair.ts";
import { reportFailure, reportProblems, reportWarnings } from "./failure.ts";

/**
 * `serve --check`: prints every setting with its value and source, then tests what a start would
 * use: certificates, address, database, mail server, GeoIP file. It creates and changes nothing.
 */
export async function checkSettings(loaded: LoadedConfig, io: ServerIo): Promise<number> {
  const { config, problems } = loaded;
  printSettings(loaded, io);
  reportWarnings(loaded.warnings, io);
  if (problems.length > 0) return reportProblems(problems, io);
  try {
    if (config.tls !== undefined) {
      const { warning } = await readTlsPair(config.tls, io.clock);
      if (warning !== undefined) reportWarnings([warning], io);
    }
    trustAuthorities(authoritySources(config, io));
    tryListening(config, io);
    io.stdout(`\nDatabase: ${sanitizeLine(await describeStorage(config, io), 500)}\n`);
  } catch (error) {
    return reportFailure(error, io);
  }
  const log: Log = (_level, event, { reason } = {}) =>
    reportWarnings([{ subject: event.replaceAll("_", " "), message: String(reason) }], io);
  // The file is read at the first lookup.
  await geoipLookup(config.geoipFile, log)("192.0.2.1");
  const mail = new Mail(config.mail, log);
  await mail.probe();
  await mail.close();
  io.stdout("\nThe configuration is valid.\n");
  return EXIT.ok;
}

function printSettings({ config, configFile, effective }: LoadedConfig, io: ServerIo): void {
  io.stdout(`Configuration: ${sanitizeLine(configFile.description, 1000)}\n\n`);
  const width = Math.max(...effective.map(({ name }) => name.length));
  for (const setting of effective) {
    const text = sanitizeLine(withoutSecrets(setting), 1000) || "none";
    io.stdout(`${setting.name.padEnd(width)}  ${text}  (${setting.source})\n`);
  }
  io.stdout(`${"scopes".padEnd(width)}  ${config.scopes.map((scope) => scope.name).join(" ")}\n`);
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
function tryListening({ listen }: ServerConfig, io: ServerIo): void {
  try {
    Deno.listen(listen).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw listenError(error, listen, procFiles);
    const holder = portHolder(listen.port, procFiles);
    const message = `${listen.hostname}:${listen.port} is in use${
      holder === undefined ? "" : ` by ${holder}`
    }. If that is not this server, choose another address.`;
    reportWarnings([{ subject: "listen", message }], io);
  }
}

/** The database and what a start would change in it. Throws what would prevent a start. */
async function describeStorage(config: ServerConfig, io: ServerIo): Promise<string> {
  try {
    const { description, pending } = await tryStorage(config, io);
    return pending.length === 0
      ? description
      : `${description}; the next start applies ${pending.join(", ")}`;
  } catch (error) {
    // Neither prevents a start: the first start creates the database, and the folder may be in
    // use by the running server whose settings are checked.
    if (error instanceof NoDatabase) return `${error.place}; the first start creates it`;
    if (error instanceof FolderLocked) {
      return `${describeEmbedded(embeddedFolder(config.dataDir))}; in use by another process`;
    }
    throw error;
  }
}

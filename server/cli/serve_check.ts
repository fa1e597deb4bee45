import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { LoadedConfig, ServerConfig } from "../config/load.ts";
import { listenError } from "../http/listen_problem.ts";
import type { Log } from "../log.ts";
import { Mail } from "../notifications/mail.ts";
import { placesFrom } from "../geoip.ts";
import { ownAddress } from "../serve.ts";
import type { ServerIo } from "../io.ts";
import { displayUrl } from "../config/setting_url.ts";
import { tryStorage } from "../open_store.ts";
import { describeEmbedded } from "../store/db/connect.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { displayPostgresUrl, isPostgresUrl } from "../store/db/postgres_url.ts";
import { readTlsPair } from "../config/tls_pair.ts";
import { reportFailure, reportProblems, reportWarnings } from "./failure.ts";

/**
 * `serve --check`: prints every setting with its value and source, then tries what a start
 * would use: certificate, address, database, mail server, GeoIP file. It creates and
 * changes nothing.
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
    tryListening(config, io);
    io.stdout(`\nDatabase: ${sanitizeLine(await describeStorage(config, io), 500)}\n`);
  } catch (error) {
    return reportFailure(error, io);
  }
  const log: Log = (_level, event, { reason } = {}) =>
    reportWarnings([`${event.replaceAll("_", " ")}: ${reason}`], io);
  // Any address makes it read the file.
  await placesFrom(config.geoipFile, log)("192.0.2.1");
  const mail = new Mail(config.mail, log);
  await mail.probe();
  await mail.close();
  io.stdout("\nThe settings are fine.\n");
  return EXIT.ok;
}

function printSettings({ config, effective }: LoadedConfig, io: ServerIo): void {
  const width = Math.max(...effective.map(({ name }) => name.length));
  const issuer = config.issuer ?? ownAddress(config, config.listen);
  // Defaults that follow from other settings.
  const derived: Record<string, string> = { issuer, audience: issuer };
  for (const { name, value, source, secret } of effective) {
    const shown = secret && value !== "" ? MASK : displayed(name, value || derived[name] || "");
    io.stdout(`${name.padEnd(width)}  ${sanitizeLine(shown, 1000) || "none"}  (${source})\n`);
  }
  io.stdout(`${"scopes".padEnd(width)}  ${config.scopes.map((scope) => scope.name).join(" ")}\n`);
}

const MASK = "********";

/** A setting without the secrets that addresses hold. */
function displayed(name: string, value: string): string {
  if (name === "database_url" && value !== "") {
    // What cannot be parsed may be a password anywhere.
    return isPostgresUrl(value) ? displayPostgresUrl(value) : MASK;
  }
  return value.includes("://") ? displayUrl(value, { secretPath: name === "webhook_url" }) : value;
}

/** Throws what keeps a server from listening; another program on the port may be this very server. */
function tryListening({ listen }: ServerConfig, io: ServerIo): void {
  try {
    Deno.listen(listen).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw listenError(error, listen);
    reportWarnings([`listen: ${listen.hostname}:${listen.port} is in use at the moment`], io);
  }
}

/** Throws what keeps a server from using the database. */
async function describeStorage(config: ServerConfig, io: ServerIo): Promise<string> {
  try {
    const { description, pending } = await tryStorage(config, io);
    return pending.length === 0
      ? description
      : `${description}; a start applies ${pending.join(", ")}`;
  } catch (error) {
    // Neither keeps a server from starting: the first start creates it, and the folder may
    // be in use by the very server whose settings are looked at.
    if (error instanceof NoDatabase) return `${error.place}; the first start creates it`;
    if (error instanceof FolderLocked) {
      return `${describeEmbedded(embeddedFolder(config.dataDir))}; in use by another process`;
    }
    throw error;
  }
}

import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { formatTime } from "../../../shared/format_time.ts";
import type { SigningAlgorithm } from "../../config/server_config.ts";
import { readSecretFile } from "../../config/secret_files.ts";
import type { ServerIo } from "../../io.ts";
import { reportUsage } from "../failure.ts";
import { databaseOf, type DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";

export interface KeysImportOptions extends DatabaseOptions {
  algorithm?: SigningAlgorithm;
  activate?: boolean;
  force?: boolean;
}

/** `admin keys import` */
export async function adminKeysImport(
  file: string,
  { algorithm, activate = false, force = false, ...options }: KeysImportOptions,
  io: ServerIo,
): Promise<number> {
  if (force && !activate) return reportUsage("--force needs --activate.", io);
  const key = file === "-"
    ? await io.readStdin()
    : await readSecretFile(file, io.env, { anyPermissions: true });
  if (typeof key !== "string") return reportUsage(key.message, io);
  return await adminCommand(
    "importKey",
    { key, algorithm, activate, force },
    databaseOf(options),
    io,
    ({ kid, algorithm, activatesAt }) => {
      const time = activatesAt === undefined ? undefined : Date.parse(activatesAt);
      const signs = time === undefined
        ? "It is the next key, and signs at the next rotation. To rotate now, run: " +
          `${brand.binaryName} admin keys rotate`
        : time <= io.clock.now()
        ? "It signs from now on."
        : `It signs from ${formatTime(time, io.timeZone)}, when all verifiers have fetched it.`;
      io.stdout(
        `Imported the ${algorithm} key ${kid}. ${signs}\n${
          file === "-" ? "" : "Delete the file: the server has the key in its database.\n"
        }`,
      );
      return EXIT.ok;
    },
  );
}

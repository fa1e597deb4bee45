import { EXIT } from "../../../shared/exit_codes.ts";
import { formatJson } from "../../../shared/sanitize.ts";
import { formatTable } from "../../../shared/table.ts";
import type { SettingFlags } from "../../config/gather.ts";
import type { ServerIo } from "../../io.ts";
import { adminCommand } from "./command.ts";

export async function adminKeysList(options: SettingFlags, io: ServerIo): Promise<number> {
  return await adminCommand("listKeys", {}, options, io, (keys) => {
    if (options.json === true) {
      io.stdout(formatJson(keys.map((key) => ({
        ...key,
        activatesAt: key.activatesAt ?? null,
        expiresAt: key.expiresAt ?? null,
      }))));
      return EXIT.ok;
    }
    io.stdout(formatTable([
      ["KEY ID", "ALGORITHM", "STATE", "SIGNS FROM", "PUBLISHED UNTIL"],
      ...keys.map((key) => [
        key.kid,
        key.algorithm,
        key.state,
        key.activatesAt ?? "-",
        key.expiresAt ?? "-",
      ]),
    ]));
    return EXIT.ok;
  });
}

export async function adminKeysRotate(options: SettingFlags, io: ServerIo): Promise<number> {
  const params = { force: options.force === true };
  return await adminCommand("rotateKeys", params, options, io, ({ activatesAt }) => {
    const later = new Date(activatesAt).getTime() > io.clock.now();
    io.stdout(
      later
        ? `The next key signs from ${activatesAt}, when all verifiers have fetched it. ` +
          "If the current key has leaked, do not wait: use --force.\n"
        : "The next key signs from now on. The previous key stays published until its tokens expire.\n",
    );
    return EXIT.ok;
  });
}

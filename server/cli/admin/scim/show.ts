import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { DirectoryView } from "../../../admin/directory_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { directoryState } from "./list.ts";

export async function adminScimShow(
  name: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showDirectory", { name }, options, io, (directory) => {
    io.stdout(json ? formatJson(directory) : describe(directory, io));
    return EXIT.ok;
  });
}

function describe(directory: DirectoryView, { env }: Pick<ServerIo, "env">): string {
  const time = (iso: string) => formatTime(Date.parse(iso), env.TZ);
  const { previousTokenExpiresAt } = directory;
  const lines: [string, string | null][] = [
    ["name", directory.name],
    ["state", directoryState(directory)],
    ["managed by", directory.managedBy && `the file ${directory.managedBy}`],
    ["url", directory.url],
    ["domains", directory.domains.join(" ") || "any; it takes over no existing accounts"],
    ["users", String(directory.users)],
    ["groups", String(directory.groups)],
    ["token", `${directory.tokenPrefix}…, created ${time(directory.tokenCreatedAt)}`],
    ["old token", previousTokenExpiresAt && `works until ${time(previousTokenExpiresAt)}`],
    ["created", time(directory.createdAt)],
    ["last used", directory.lastUsedAt === null ? "never" : time(directory.lastUsedAt)],
  ];
  return lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${`${name}:`.padEnd(12)}${sanitizeLine(value ?? "", 4000)}\n`)
    .join("");
}

import { shortDuration } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ClientView } from "../../../admin/client_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { clientState } from "./list.ts";

export async function adminClientShow(
  id: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showClient", { id }, options, io, (client) => {
    io.stdout(json ? formatJson(client) : describe(client, io));
    return EXIT.ok;
  });
}

function describe(client: ClientView, { env }: Pick<ServerIo, "env">): string {
  const time = (iso: string) => formatTime(Date.parse(iso), env.TZ);
  const lines: [string, string | null][] = [
    ["client id", client.id],
    ["name", client.name],
    ["type", client.type],
    ["state", clientState(client)],
    ["managed by", client.managedBy && `the file ${client.managedBy}`],
    ["described by", client.isDocument ? "the document at its id; it is not registered" : null],
    ["changed", client.documentChangedAt && time(client.documentChangedAt)],
    ["homepage", client.homepage],
    ["grants", client.grants.join(" ") || "none: it may introspect tokens"],
    ["redirects", client.redirectUris.join(" ") || null],
    ["consent", client.grants.includes("code") ? client.consent : null],
    ["resources", client.resources && (client.resources.join(" ") || "none")],
    ["scopes", client.scopes === null ? "all" : client.scopes.join(" ")],
    ["device flow", client.deviceFlow.join(" ") || null],
    ["access lifetime", lifetime(client.accessTokenLifetime)],
    ["refresh idle", lifetime(client.refreshTokenIdleLifetime)],
    ["refresh absolute", lifetime(client.refreshTokenAbsoluteLifetime)],
    ["created", client.createdAt && time(client.createdAt)],
    [
      "old secret",
      client.previousSecretExpiresAt && `works until ${time(client.previousSecretExpiresAt)}`,
    ],
  ];
  return lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${`${name}:`.padEnd(18)}${sanitizeLine(value ?? "", 1000)}\n`)
    .join("");
}

function lifetime(seconds: number | null): string {
  return seconds === null ? "as configured" : shortDuration(seconds);
}

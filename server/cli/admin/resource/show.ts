import { shortDuration } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ResourceScopeView, ResourceView } from "../../../admin/resource_view.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { describeAudience } from "../../../access/describe_audience.ts";
import { describeFactor } from "../../../access/describe_audience.ts";
import { SOURCES } from "./list.ts";

export async function adminResourceShow(
  name: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showResource", { name }, options, io, (resource) => {
    io.stdout(json ? formatJson(resource) : describe(resource, io));
    return EXIT.ok;
  });
}

function describe(resource: ResourceView, { env }: Pick<ServerIo, "env">): string {
  const { accessTokenLifetime: lifetime, createdAt } = resource;
  const lines: [string, string | null][] = [
    ["name", resource.name],
    ["identifier", resource.identifier],
    ["title", resource.title],
    ["source", SOURCES[resource.source]],
    ["managed by", resource.managedBy && `the file ${resource.managedBy}`],
    ["access lifetime", lifetime === null ? "as configured" : shortDuration(lifetime)],
    ["signed with", resource.signingAlgorithm ?? "as configured"],
    ["extra claims", resource.claims.join(" ") || "none"],
    ["added", createdAt && formatTime(Date.parse(createdAt), env.TZ)],
    ["scopes", resource.scopes.length === 0 ? "none" : `${resource.scopes.length}`],
  ];
  const facts = lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${`${name}:`.padEnd(17)}${sanitizeLine(value ?? "", 1000)}\n`);
  return [...facts, ...resource.scopes.map(describeScope)].join("");
}

function describeScope(
  { name, description, roles, groups, tokens, factor }: ResourceScopeView,
): string {
  const limits = [
    ...describeAudience({ roles, groups }),
    ...tokens ? [] : ["not in personal access tokens"],
    ...factor === null ? [] : [describeFactor(factor)],
  ];
  const suffix = limits.length === 0 ? "" : ` (${limits.join(", ")})`;
  return `  ${sanitizeLine(name, 256)}: ${sanitizeLine(description, 250)}${suffix}\n`;
}

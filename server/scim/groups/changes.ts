import { isUuid } from "../../../shared/uuid.ts";
import { badRequest } from "../error.ts";
import type { Filter } from "../filter/filter.ts";
import type { PatchPath } from "../filter/parse.ts";
import { type PatchOperation, withPaths } from "../patch/operations.ts";
import { isIgnoredAttribute } from "../schema/ignored.ts";
import { GROUP, resolveAttribute } from "../schema/resource_type.ts";
import { readDisplayName, readExternalId, readMemberIds } from "./values.ts";

/** What a PATCH request changes about a group, in its order. */
export type GroupChange =
  | { kind: "displayName"; value: string }
  | { kind: "externalId"; value: string | undefined }
  | { kind: "add" | "remove" | "retain"; ids: string[] }
  /** Members that a filter describes otherwise than by their id. */
  | { kind: "removeMatches"; filter: Filter };

/** Neighboring changes of members are one, so that thousands are one statement. */
export function readChanges(operations: readonly PatchOperation[]): GroupChange[] {
  const changes: GroupChange[] = [];
  for (const change of operations.flatMap(changesOf)) {
    const last = changes[changes.length - 1];
    const isListed = change.kind === "add" || change.kind === "remove";
    if (isListed && last?.kind === change.kind) {
      for (const id of change.ids) last.ids.push(id);
    } else changes.push(change);
  }
  return changes;
}

function changesOf(operation: PatchOperation): GroupChange[] {
  const { op, path, value } = operation;
  if (path !== undefined) return changeOf(op, path, value, true);
  return withPaths(operation).flatMap(({ op, path, value }) => changeOf(op, path!, value, false));
}

/** `isExplicit` if the operation has a path, which has to be one that can be changed. */
function changeOf(
  op: PatchOperation["op"],
  path: PatchPath,
  value: unknown,
  isExplicit: boolean,
): GroupChange[] {
  const resolved = resolveAttribute(GROUP, path.attribute);
  switch (resolved?.map(({ name }) => name).join(".")) {
    case "displayName":
      if (op === "remove") {
        throw badRequest("mutability", "displayName is required and cannot be removed.");
      }
      return [{ kind: "displayName", value: readDisplayName(value) }];
    case "externalId":
      return [{ kind: "externalId", value: op === "remove" ? undefined : readExternalId(value) }];
    case "members":
      return membersChange(op, path, value);
    default:
      break;
  }
  if (!isExplicit || isIgnoredAttribute(GROUP, path.attribute)) return [];
  if (resolved === undefined) {
    throw badRequest("invalidPath", `Group has no attribute ${path.attribute}.`);
  }
  throw badRequest("mutability", `${path.attribute} cannot be changed.`);
}

function membersChange(
  op: PatchOperation["op"],
  { filter, sub }: PatchPath,
  value: unknown,
): GroupChange[] {
  if (filter === undefined) {
    if (op === "add") return [{ kind: "add", ids: readMemberIds(value) }];
    if (op === "replace") return [{ kind: "retain", ids: readMemberIds(value) }];
    // Entra ID names the members to remove; without them it is all of them.
    return value === undefined || value === null
      ? [{ kind: "retain", ids: [] }]
      : [{ kind: "remove", ids: readMemberIds(value) }];
  }
  if (op !== "remove" || sub !== undefined) {
    throw badRequest("mutability", "A member cannot be changed. Remove it and add another one.");
  }
  const id = idOf(filter);
  return [id === undefined ? { kind: "removeMatches", filter } : { kind: "remove", ids: [id] }];
}

/** The id of `members[value eq "…"]`. */
function idOf(filter: Filter): string | undefined {
  const isEquation = filter.kind === "compare" && filter.operator === "eq" &&
    filter.attribute.toLowerCase() === "value" && typeof filter.value === "string";
  const id = isEquation ? String(filter.value).toLowerCase() : "";
  return isUuid(id) ? id : undefined;
}

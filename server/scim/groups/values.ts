import { isUuid } from "../../../shared/uuid.ts";
import { MAX_EXTERNAL_NAME_LENGTH, normalizeExternalName } from "../../access/group_names.ts";
import { badRequest } from "../error.ts";
import { GROUP } from "../schema/resource_type.ts";
import { checkSchemas, readObject, readValue, type Values } from "../value.ts";
import { findAttribute } from "../schema/attribute.ts";

/** Members of one group; a request with more is larger than a body may be. */
export const MAX_MEMBERS = 50_000;

export interface GroupValues {
  displayName: string;
  externalId?: string;
  memberIds: string[];
}

/** A group in a request. Lists of members are too long for the general reader. */
export function readGroup(body: unknown): GroupValues {
  const { schemas, ...members } = readObject(body, "The body");
  checkSchemas(schemas, GROUP);
  const byName = new Map<string, unknown>();
  for (const [name, value] of Object.entries(members)) {
    const attribute = findAttribute(GROUP.attributes, name);
    if (attribute === undefined) continue;
    if (byName.has(attribute.name)) {
      throw badRequest("invalidSyntax", `${attribute.name} occurs twice, in other letter case.`);
    }
    byName.set(attribute.name, value);
  }
  return {
    displayName: readDisplayName(byName.get("displayName")),
    externalId: readExternalId(byName.get("externalId")),
    memberIds: readMemberIds(byName.get("members")),
  };
}

export function readDisplayName(value: unknown): string {
  const text = readValue(findAttribute(GROUP.attributes, "displayName")!, value, "displayName");
  if (typeof text !== "string") {
    throw badRequest("invalidValue", "The attribute displayName is required.");
  }
  const name = normalizeExternalName(text);
  if (name !== undefined) return name;
  throw badRequest(
    "invalidValue",
    `displayName is empty, has more than ${MAX_EXTERNAL_NAME_LENGTH} characters, or invisible ones.`,
  );
}

export function readExternalId(value: unknown): string | undefined {
  const attribute = findAttribute(GROUP.attributes, "externalId")!;
  return readValue(attribute, value, "externalId") as string | undefined;
}

/** The ids of members, as `[{"value": "…"}]`, one such object, or ids. Each occurs once. */
export function readMemberIds(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const ids = (Array.isArray(value) ? value : [value]).map(readMemberId);
  if (ids.length > MAX_MEMBERS) throw tooManyMembers();
  return [...new Set(ids)];
}

function readMemberId(member: unknown): string {
  if (typeof member === "string") return checkId(member);
  const { value, type } = lowerCase(readMember(member));
  if (typeof type === "string" && type.toLowerCase() === "group") {
    throw badRequest("invalidValue", "Groups cannot be members of groups. Send their users.");
  }
  return checkId(value);
}

function readMember(member: unknown): Record<string, unknown> {
  if (typeof member === "object" && member !== null) return member as Record<string, unknown>;
  throw badRequest("invalidValue", "A member is an object with the id of a user as its value.");
}

function lowerCase(member: Record<string, unknown>): Values {
  return Object.fromEntries(
    Object.entries(member).map(([name, value]) => [name.toLowerCase(), value as string]),
  );
}

function checkId(id: unknown): string {
  const lower = typeof id === "string" ? id.toLowerCase() : "";
  if (isUuid(lower)) return lower;
  throw badRequest("invalidValue", "The value of a member is not the id of a user.");
}

export function tooManyMembers(): Error {
  return badRequest("invalidValue", `A group has at most ${MAX_MEMBERS} members.`);
}

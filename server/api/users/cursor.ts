import { Buffer } from "node:buffer";
import { isUuid } from "../../../shared/uuid.ts";
import type { ListedUser } from "../../admin/list_users.ts";
import type { UserPosition } from "../../store/users.ts";

/** The place in the list after a user, for use in URLs. */
export function encodeUserCursor({ createdAt, id }: ListedUser): string {
  return Buffer.from(`${Date.parse(createdAt)} ${id}`).toString("base64url");
}

/** Undefined if `encodeUserCursor` did not return it. */
export function decodeUserCursor(cursor: string): UserPosition | undefined {
  const [time, id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,14}$/.test(time) || !isUuid(id ?? "")) return undefined;
  return { createdAt: new Date(Number(time)), id };
}

import { Buffer } from "node:buffer";
import { isUuid } from "../../shared/uuid.ts";
import type { ListPosition } from "../store/pats/list.ts";

/** The position in a list of tokens after which the next page starts, for use in URLs. */
export function encodeCursor({ createdAt, id }: ListPosition): string {
  return Buffer.from(`${createdAt.getTime()} ${id}`).toString("base64url");
}

/** Undefined if `encodeCursor` did not return it. */
export function decodeCursor(cursor: string): ListPosition | undefined {
  const [time, id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,14}$/.test(time) || !isUuid(id ?? "")) return undefined;
  return { createdAt: new Date(Number(time)), id };
}

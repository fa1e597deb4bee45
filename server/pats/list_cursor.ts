import { Buffer } from "node:buffer";
import { isUuid } from "../../shared/uuid.ts";
import type { ListPosition } from "../store/pats/list.ts";

/** Where the next page of a list of tokens begins, as addresses carry it. */
export function cursorAfter({ createdAt, id }: ListPosition): string {
  return Buffer.from(`${createdAt.getTime()} ${id}`).toString("base64url");
}

/** Undefined: none of ours. */
export function readCursor(cursor: string): ListPosition | undefined {
  const [time, id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,14}$/.test(time) || !isUuid(id ?? "")) return undefined;
  return { createdAt: new Date(Number(time)), id };
}

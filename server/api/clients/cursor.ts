import { Buffer } from "node:buffer";
import type { ClientView } from "../../admin/client_operations.ts";
import type { ClientPosition } from "../../store/clients.ts";

/** The place in the list after a client, for use in URLs. */
export function encodeClientCursor({ createdAt, id, isBuiltIn }: ClientView): string {
  const time = createdAt === null || isBuiltIn ? 0 : Date.parse(createdAt);
  return Buffer.from(`${time} ${id}`).toString("base64url");
}

/** Undefined if `encodeClientCursor` did not return it. */
export function decodeClientCursor(cursor: string): ClientPosition | undefined {
  const [time, id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,14}$/.test(time) || !/^[a-z0-9._-]{1,64}$/.test(id ?? "")) return undefined;
  return { createdAt: time === "0" ? undefined : new Date(Number(time)), id };
}

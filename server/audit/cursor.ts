import { Buffer } from "node:buffer";
import { isUuid } from "../../shared/uuid.ts";
import type { AuditPosition } from "../store/audit_log/list.ts";

/** The place of an event in the log, for use in URLs. */
export function encodeAuditCursor({ at, seq, id }: AuditPosition): string {
  return Buffer.from(`${at.getTime()} ${seq} ${id}`).toString("base64url");
}

/** Undefined if `encodeAuditCursor` did not return it. */
export function decodeAuditCursor(cursor: string): AuditPosition | undefined {
  const [time, seq, id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (!/^\d{1,14}$/.test(time) || !/^\d{1,18}$/.test(seq ?? "") || !isUuid(id ?? "")) {
    return undefined;
  }
  return { at: new Date(Number(time)), seq, id };
}

/**
 * The form of events in all streams: one JSON object per line. Each line names the signature of the
 * one before it and is signed itself, so that who has the key notices a line that was changed,
 * removed or added (docs/audit.md#verify-a-stream).
 */
import { createHmac } from "node:crypto";
import { escapeUnsafe } from "../../../shared/sanitize.ts";
import { eventJson } from "../event_json.ts";
import type { ListedAuditEvent } from "../listed_event.ts";

export interface SignedLine {
  event: ListedAuditEvent;
  /** Without a line break. */
  text: string;
  signature: string;
}

/** `previous`: the signature of the line before; empty if there is none. */
export function signLines(
  events: readonly ListedAuditEvent[],
  key: Uint8Array,
  previous: string,
): SignedLine[] {
  return events.map((event) => {
    // Escaped, since files are read on terminals.
    const content = escapeUnsafe(JSON.stringify({ ...eventJson(event), previous })).slice(0, -1);
    const signature = createHmac("sha256", key).update(content).digest("base64");
    previous = signature;
    return { event, text: `${content},"signature":"${signature}"}`, signature };
  });
}

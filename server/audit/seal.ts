/**
 * What the seals of the audit log prove. Each sealed event has a salted commitment to its content,
 * and a link, which covers the commitment, its position and the link before it with the key of the
 * server. Personal data can be removed without breaking the chain: the commitment stays, its salt is
 * destroyed, and an amendment proves that the server itself changed the content.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { AuditRecord } from "../store/audit_log/list.ts";

export interface Seal {
  salt: Uint8Array;
  commitment: Uint8Array;
  link: Uint8Array;
}

/** What a commitment covers; two rows with the same content have the same text. */
function contentOf(
  { id, seq, occurredAt, event, actor, actingFor, subject, address, ...record }: AuditRecord,
): string {
  const { result, requestId, replica, details } = record;
  return JSON.stringify([
    ...[id, seq, occurredAt.toISOString(), event, actor, actingFor, subject, address],
    ...[result, requestId, replica, sorted(details)],
  ]);
}

/** The database sorts keys in its own way. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, member]) => [key, sorted(member)]);
}

function commit(salt: Uint8Array, record: AuditRecord): Uint8Array {
  return createHash("sha256").update(salt).update(contentOf(record)).digest();
}

function mac(key: Uint8Array, purpose: string, ...parts: (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac("sha256", key).update(`audit ${purpose}`);
  for (const part of parts) {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    // With its length, so that no two lists of parts are the same bytes.
    hmac.update(`\n${bytes.length}\n`).update(bytes);
  }
  return hmac.digest();
}

export function sealEvent(
  key: Uint8Array,
  record: AuditRecord,
  { position, previous }: { position: bigint; previous: Uint8Array },
): Seal {
  const salt = randomBytes(16);
  const commitment = commit(salt, record);
  return { salt, commitment, link: linkOf(key, { position, previous, commitment }) };
}

export function linkOf(
  key: Uint8Array,
  { position, previous, commitment }: {
    position: bigint;
    previous: Uint8Array;
    commitment: Uint8Array;
  },
): Uint8Array {
  return mac(key, "link", String(position), previous, commitment);
}

/** Proves that the server replaced the content of a sealed event by that of `record`. */
export function amendEvent(
  key: Uint8Array,
  record: AuditRecord,
  commitment: Uint8Array,
): { salt: Uint8Array; amendment: Uint8Array } {
  const salt = randomBytes(16);
  return { salt, amendment: mac(key, "amendment", commitment, commit(salt, record)) };
}

/** Whether the content is what was sealed, or what the server replaced it by. */
export function isUnchanged(
  key: Uint8Array,
  record: AuditRecord,
  { salt, commitment, amendment }: {
    salt: Uint8Array | null;
    commitment: Uint8Array;
    amendment: Uint8Array | null;
  },
): boolean {
  if (salt === null) return false;
  const actual = commit(salt, record);
  return amendment === null
    ? isEqual(actual, commitment)
    : isEqual(mac(key, "amendment", commitment, actual), amendment);
}

/** A chain, and the seals that it has. */
export interface ChainHead {
  id: string;
  number: string;
  replica: string;
  /** The Monday, as YYYY-MM-DD. */
  week: string;
  genesis: Uint8Array;
  position: string;
  link: Uint8Array;
  droppedAt: Date | null;
}

/** The link before the first event: it covers the genesis of the chain before. */
export function genesisOf(
  key: Uint8Array,
  { id, number, replica, week }: Pick<ChainHead, "id" | "number" | "replica" | "week">,
  previous: Uint8Array,
): Uint8Array {
  return mac(key, "genesis", id, number, replica, week, previous);
}

export function headMac(key: Uint8Array, head: ChainHead): Uint8Array {
  const { id, genesis, position, link, droppedAt } = head;
  return mac(key, "head", id, genesis, position, link, droppedAt?.toISOString() ?? "");
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

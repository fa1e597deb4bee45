import { createHash } from "node:crypto";
import type { ManagedKind } from "../store/managed.ts";
import type { Value } from "./field.ts";

/** What happens to one thing. `replace`: it is removed and added again. */
export type Action = "create" | "change" | "replace" | "remove" | "adopt" | "release";

/** A field of a thing that gets another value; absent is null. */
export interface FieldChange {
  /** As files write it; a scope of a resource as `scopes.NAME`. */
  field: string;
  before: Value;
  after: Value;
}

/** Why a change is done only with --force. */
export interface Danger {
  code: string;
  /** What would happen. */
  message: string;
  /** What to do in place of it. */
  advice?: string;
}

export interface Change {
  action: Action;
  kind: ManagedKind;
  name: string;
  /** Whether it was managed by hand until now. */
  adopted: boolean;
  fields: FieldChange[];
  dangers: Danger[];
}

/** What applying files does. */
export interface Plan {
  /** The name of the files. */
  name: string;
  changes: Change[];
  /** How many declared things are as declared. */
  unchanged: number;
  /** Declared things that the config file of the server has as well: the same there. */
  inConfigFile: number;
  /** Identifies what is planned: counts and explanations are not a part of it. */
  id: string;
}

export function planId(name: string, changes: readonly Change[]): string {
  const decisive = changes.map(({ action, kind, name, adopted, fields, dangers }) => [
    action,
    kind,
    name,
    adopted,
    fields.map(({ field, before, after }) => [field, before, after]),
    dangers.map(({ code }) => code),
  ]);
  return createHash("sha256").update(JSON.stringify([name, decisive])).digest("base64url")
    .slice(0, 22);
}

export function hasDangers({ changes }: { changes: readonly Change[] }): boolean {
  return changes.some(({ dangers }) => dangers.length > 0);
}

import { valueText } from "../../../shared/list_text.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import {
  findManager,
  listManaged,
  lockForApply,
  MANAGED_KINDS,
  type ManagedThing,
  setManager,
} from "../../store/managed.ts";
import { fileOf, managerOf } from "../../store/managed_file.ts";
import { adminEvent } from "../admin_event.ts";
import type { AdminDeps, Operation } from "../operation.ts";
import { PARTS } from "./make_plan.ts";

/** Something that is managed by hand from now on. */
export interface Released extends ManagedThing {
  /** The file that managed it. */
  file: string;
}

/**
 * Takes things out of the management by files: one, such as `client/billing`, or all of a file, by its
 * name. The file has to lose them too, or applying it asks whether to adopt them.
 */
export const releaseManaged: Operation<
  { things: string[] },
  { released: Released[] } | DomainError
> = async (deps, { things }) =>
  await deps.sql.begin(async (tx) => {
    await lockForApply(tx);
    const managed = await listManaged(tx);
    const released: Released[] = [];
    for (const text of things) {
      const entries = managed.filter(({ kind, name, manager }) =>
        `${kind}/${name}` === text || manager === managerOf(text)
      );
      if (entries.length === 0) throw notManaged(text);
      for (const { kind, name, manager } of entries) {
        await releaseThing(tx, deps, { kind, name });
        released.push({ kind, name, file: fileOf(manager) });
      }
    }
    return { released };
  }).catch((error) => {
    if (error instanceof DomainError) return error;
    throw error;
  }) as { released: Released[] } | DomainError;

/** Records who has it managed by hand from now on, and which file managed it. */
export async function releaseThing(
  tx: Transaction,
  deps: Pick<AdminDeps, "clock" | "actor" | "address" | "loginId" | "applying">,
  thing: ManagedThing,
): Promise<void> {
  const manager = await findManager(tx, thing);
  if (manager === undefined) return;
  await setManager(tx, thing, null);
  const part = PARTS[thing.kind];
  if (part !== undefined) await setManager(tx, thing, null, part);
  const event = adminEvent(deps, {
    event: "file.released",
    subject: `${thing.kind}/${thing.name}`,
    details: { file: fileOf(manager) },
  });
  await recordAuditEvent(tx, deps.clock, event);
}

function notManaged(text: string): DomainError {
  return new DomainError(
    "not_found",
    `No file manages ${valueText(sanitizeLine(text, 100))}. Name a file, or something as ` +
      `KIND/NAME, such as client/billing; kinds are ${MANAGED_KINDS.join(", ")}.`,
  );
}

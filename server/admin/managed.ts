/** What a file manages is changed by applying the file, and by no other operation. */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { DomainError } from "../domain_error.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  findManager,
  lockForEdit,
  type ManagedKind,
  type ManagedPart,
  type ManagedThing,
} from "../store/managed.ts";
import { fileOf } from "../store/managed_file.ts";
import { nestedTransaction } from "./nested_transaction.ts";

/** What an operation needs that edits what a file can manage. */
export interface EditingDeps {
  sql: Sql;
  /** The file that is being applied, as `file:NAME`. */
  applying?: string;
  tokenValidator?: { invalidate(subject: string): void };
  /** Pages show one page for every refusal, whatever the form is about. */
  rejectManaged?: (refusal: DomainError) => never;
}

/**
 * An operation that is rejected if a file manages what it edits. Until it is done, no file takes
 * that over. `part`: it edits only this, which can be managed by hand where the rest is not.
 */
export function editing<Deps extends EditingDeps, Params, Result>(
  kind: ManagedKind,
  nameOf: (params: Params) => string,
  operation: (deps: Deps, params: Params) => Promise<Result>,
  part?: ManagedPart,
): (deps: Deps, params: Params) => Promise<Result | DomainError> {
  return async (deps, params) => {
    // Applying a file excludes edits, and starts with a look at what it manages.
    if (deps.applying !== undefined) return await operation(deps, params);
    const thing = { kind, name: nameOf(params) };
    let changed: string[] = [];
    const result = await deps.sql.begin(async (tx) => {
      // A transaction that loses a conflict runs again.
      changed = [];
      const refusal = await refuseManaged(tx, thing, part);
      if (refusal !== undefined) return refusal;
      const tokenValidator = { invalidate: (subject: string) => void changed.push(subject) };
      return await operation({ ...deps, sql: nestedTransaction(tx), tokenValidator }, params);
    }) as Result | DomainError;
    if (result instanceof DomainError && result.code === "managed_by_file") {
      deps.rejectManaged?.(result);
    }
    for (const subject of changed) deps.tokenValidator?.invalidate(subject);
    return result;
  };
}

async function refuseManaged(
  tx: Transaction,
  thing: ManagedThing,
  part?: ManagedPart,
): Promise<DomainError | undefined> {
  await lockForEdit(tx);
  return await checkNotManaged(tx, thing, part);
}

/** For an operation that edits it only in some cases, and called `lockForEdit` first. */
export async function checkNotManaged(
  tx: Transaction,
  thing: ManagedThing,
  part?: ManagedPart,
): Promise<DomainError | undefined> {
  const manager = await findManager(tx, thing, part);
  return manager === undefined ? undefined : managedByFile(thing, manager);
}

/** Of one kind for messages: "trust rule". */
export function nounOf(kind: ManagedKind): string {
  return kind.replace("-", " ");
}

function managedByFile({ kind, name }: ManagedThing, manager: string): DomainError {
  const file = fileOf(manager);
  const bin = brand.binaryName;
  return new DomainError(
    "managed_by_file",
    `The ${nounOf(kind)} ${
      sanitizeLine(name, 100)
    } is managed by the file ${file}. Change it there, and apply ` +
      "the file.",
    {
      reason: file,
      commandHint: `To apply it, run: ${bin} admin apply --name ${file} -f FILE. To manage it by ` +
        `hand from now on: ${bin} admin apply --release ${kind}/${sanitizeLine(name, 100)}`,
    },
  );
}

import { tableValues } from "../../apply/export_values.ts";
import type { Fields } from "../../apply/field.ts";
import { DomainError } from "../../domain_error.ts";
import { ResourceCatalog } from "../../resources/catalog.ts";
import { listManaged, type ManagedKind } from "../../store/managed.ts";
import { managerOf } from "../../store/managed_file.ts";
import { nestedTransaction } from "../nested_transaction.ts";
import type { Operation } from "../operation.ts";
import { HANDLERS } from "./kinds.ts";
import type { ApplyDeps } from "./managed_kind.ts";

/** A thing as a file declares it. */
export interface ExportedThing {
  kind: ManagedKind;
  name: string;
  /** By the keys of files. */
  values: Fields;
  /** Whether it has a secret, which is not returned. */
  hasSecret: boolean;
}

/** What can be declared as it is, without what other files and the config file have. */
export const exportState: Operation<
  { name: string },
  { things: ExportedThing[] } | DomainError
> = async (deps, { name }) =>
  await deps.sql.begin(async (tx) => {
    const { config, issuer } = deps;
    const sql = nestedTransaction(tx);
    const reading: ApplyDeps = {
      ...deps,
      tx,
      sql,
      catalog: await ResourceCatalog.load({ sql, config, issuer }),
      applying: managerOf(name),
      declaredRules: [],
      force: false,
    };
    const managed = await listManaged(tx);
    const things: ExportedThing[] = [];
    for (const { kind, read } of HANDLERS) {
      for (const [name, thing] of await read(reading, new Map())) {
        const manager = managed.find((entry) => entry.kind === kind && entry.name === name)
          ?.manager;
        const isOthers = manager !== undefined && manager !== reading.applying;
        if (isOthers || thing.inConfigFile || (thing.isUnchanged && manager === undefined)) {
          continue;
        }
        const values = await tableValues(kind, thing.fields, { issuer });
        things.push({ kind, name, values, hasSecret: thing.hasSecret ?? false });
      }
    }
    return { things };
  }) as { things: ExportedThing[] } | DomainError;

import type { Fields } from "../../apply/field.ts";
import type { Danger } from "../../apply/plan.ts";
import type { DomainError } from "../../domain_error.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { Transaction } from "../../store/db/connect.ts";
import type { ManagedKind } from "../../store/managed.ts";
import type { AdminDeps } from "../operation.ts";

/** What the kinds need: the operations run in the transaction of the application. */
export interface ApplyDeps extends AdminDeps {
  tx: Transaction;
  catalog: ResourceCatalog;
  applying: string;
  /** The names of the trust rules that the files declare. */
  declaredRules: readonly string[];
  /** Whether dangerous changes are done. */
  force: boolean;
}

/** A thing as it is. */
export interface CurrentThing {
  fields: Fields;
  /** It is in the config file of the server, and cannot be changed here. */
  inConfigFile?: true;
  /** Every server has it: it can be changed, but is never added or removed. */
  isBuiltIn?: true;
  /** It was removed as far as it can be, such as a service account, which is disabled. */
  isRetired?: true;
  /** Every server has it, and it is as on a new one. */
  isUnchanged?: true;
  hasSecret?: boolean;
}

/** The value of a secret that a file refers to: hashed where only the hash is stored. */
export type SecretValue =
  | { hash: string }
  | { text: string }
  /** It cannot be read where a plan is shown. */
  | { isUnknown: true };

export interface Edit {
  name: string;
  before: Fields;
  after: Fields;
  /** The properties that differ. */
  changed: ReadonlySet<string>;
  secret?: SecretValue;
}

export type Refusal = DomainError | undefined;

/** What a file can declare, of one kind: all of it is done by the operations for it. */
export interface ManagedKindHandler {
  kind: ManagedKind;
  /** `declared` are the things of the files, by name. */
  read(
    deps: ApplyDeps,
    declared: ReadonlyMap<string, Fields>,
  ): Promise<Map<string, CurrentThing>>;
  /** The declared fields as `read` returns them: with defaults, in one form. */
  complete(deps: ApplyDeps, name: string, declared: Fields): Promise<Fields | DomainError>;
  /** Whether the secret is another than the stored one. */
  isOtherSecret?(deps: ApplyDeps, name: string, secret: SecretValue): Promise<boolean>;
  add(deps: ApplyDeps, name: string, after: Fields, secret?: SecretValue): Promise<Refusal>;
  change(deps: ApplyDeps, edit: Edit): Promise<Refusal>;
  remove(deps: ApplyDeps, name: string): Promise<Refusal>;
  /** Prepares what every server has, which may have no row, for being managed. */
  adopt?(deps: ApplyDeps, edit: Edit): Promise<Refusal>;
  /** Why removing it, or replacing it by another, needs --force. */
  removalDangers(deps: ApplyDeps, name: string, before: Fields): Promise<Danger[]>;
  changeDangers?(deps: ApplyDeps, edit: Edit): Promise<Danger[]>;
  additionDangers?(deps: ApplyDeps, name: string, after: Fields): Promise<Danger[]>;
}

/** A failure of an operation as the result of a step; undefined: done. */
export function refusal(result: unknown): Refusal {
  return isDomainError(result) ? result : undefined;
}

function isDomainError(result: unknown): result is DomainError {
  return result instanceof Error && result.name === "DomainError";
}

/** Rows that need a decision of the operator; `message` names them and says what to do. */
export class MigrationConflict extends Error {
  override readonly name = "MigrationConflict";
}

/** Decisions of the operator. */
export interface MigrationOptions {
  /** New e-mail addresses, by user id. */
  renamedUsers?: ReadonlyMap<string, string>;
  /** Applies only these, for the rows of an older version. */
  only?: readonly string[];
}

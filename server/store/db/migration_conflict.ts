/** Rows that a migration cannot decide about; `message` names them, and what to do. */
export class MigrationConflict extends Error {
  override readonly name = "MigrationConflict";
}

/** What an operator decides for the migrations that cannot. */
export interface MigrationOptions {
  /** New e-mail addresses by users' ids. */
  renamedUsers?: ReadonlyMap<string, string>;
}

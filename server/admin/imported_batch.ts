import type { ImportProblem } from "../imports/problem.ts";

/** What became of the entries of a batch. */
export interface ImportedBatch {
  imported: number;
  /** Those that exist already, which an import never changes. */
  unchanged: number;
  problems: ImportProblem[];
}

/** Thrown to undo what a dry run did. */
export class DryRun extends Error {
  constructor(readonly result: ImportedBatch) {
    super();
  }
}

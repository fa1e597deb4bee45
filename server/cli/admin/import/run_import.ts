import { formatExactCount } from "../../../../shared/exact_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { type ProgressLine, progressLine } from "../../../../shared/progress_line.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ImportedBatch } from "../../../admin/imported_batch.ts";
import { OperationSession } from "../../../admin/run_operation.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import { BatchBuilder } from "../../../imports/batches.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ImportProblem } from "../../../imports/problem.ts";
import type { ServerIo } from "../../../io.ts";
import {
  reportConfigFile,
  reportDatabase,
  reportDomainError,
  reportFailure,
  reportProblems,
} from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";

/** Of `--json`: more are counted only. */
const MAX_LISTED_PROBLEMS = 1000;
/** How often progress is written to a terminal, in ms. */
const PROGRESS_MS = 500;

export interface ImportOptions {
  dryRun: boolean;
  json: boolean;
  /** What is imported, for messages: "user". */
  noun: string;
}

export interface ImportSummary {
  imported: number;
  unchanged: number;
  rejected: number;
  problems: ImportProblem[];
}

/**
 * Imports the entries of a file batch by batch, and reports each problem as it is found. An
 * interruption loses no more than the batch in progress, which is undone: the same command continues.
 */
export async function runImport<Entry extends { line: number }>(
  entries: AsyncIterable<Entry | ImportProblem>,
  importBatch: (session: OperationSession, batch: Entry[]) => Promise<ImportedBatch | DomainError>,
  { dryRun, json, noun }: ImportOptions,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  const loaded = await loadAdminConfig(options, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  reportConfigFile(loaded, io);
  const summary: ImportSummary = { imported: 0, unchanged: 0, rejected: 0, problems: [] };
  const progress = new Progress(noun, io);
  const reject = (problem: ImportProblem) => {
    summary.rejected++;
    if (!json) {
      progress.clear();
      io.stdout(describeProblem(problem));
    } else if (summary.problems.length < MAX_LISTED_PROBLEMS) {
      summary.problems.push(problem);
    }
  };
  const finish = (code: number): number => {
    progress.clear();
    io.stdout(json ? formatJson(toJson(summary, dryRun)) : describe(summary, { dryRun, noun }));
    return code;
  };
  try {
    await using session = new OperationSession(loaded.config, io, (database) => {
      reportDatabase(database, io);
    });
    const send = async (batch: Entry[]): Promise<DomainError | undefined> => {
      if (batch.length === 0) return undefined;
      const result = await importBatch(session, batch);
      if (result instanceof DomainError) return result;
      summary.imported += result.imported;
      summary.unchanged += result.unchanged;
      result.problems.forEach(reject);
      progress.show(summary);
    };
    const batches = new BatchBuilder<Entry>();
    for await (const entry of entries) {
      if (io.signal.aborted) break;
      if ("code" in entry) {
        reject(entry as ImportProblem);
        continue;
      }
      const refusal = await send(batches.add(entry as Entry) ?? []);
      if (refusal !== undefined) return finish(reportDomainError(refusal, io));
    }
    if (io.signal.aborted) {
      finish(EXIT.interrupted);
      io.stderr("Interrupted. To continue, run the same command again.\n");
      return EXIT.interrupted;
    }
    const refusal = await send(batches.take());
    if (refusal !== undefined) return finish(reportDomainError(refusal, io));
    return finish(summary.rejected === 0 ? EXIT.ok : EXIT.failure);
  } catch (error) {
    progress.clear();
    const code = reportFailure(error, io);
    if (summary.imported + summary.unchanged === 0) return code;
    io.stderr(
      `${summary.imported} were imported before. To continue, run the same command again.\n`,
    );
    return code;
  }
}

function describeProblem({ line, user, code, message }: ImportProblem): string {
  const name = user === undefined ? "" : ` ${sanitizeLine(user, 254)}`;
  return `line ${line}:${name} ${code}: ${sanitizeLine(message, 500)}\n`;
}

function describe(
  { imported, unchanged, rejected }: ImportSummary,
  { dryRun, noun }: { dryRun: boolean; noun: string },
): string {
  const total = imported + unchanged + rejected;
  if (total === 0) return `The file has no ${noun}s.\n`;
  const parts = [
    `${dryRun ? "Would import" : "Imported"} ${formatExactCount(imported, noun)}`,
    `${unchanged} unchanged`,
    `${rejected} rejected`,
  ];
  const nothing = imported === 0 && rejected === 0
    ? ` Nothing ${dryRun ? "would change" : "changed"}.`
    : "";
  return `${parts.join(", ")}.${nothing}\n`;
}

function toJson({ problems, ...counts }: ImportSummary, dryRun: boolean) {
  return {
    dryRun,
    ...counts,
    problems: problems.map(({ line, user = null, code, message }) => ({
      line,
      user,
      code,
      message,
    })),
  };
}

/** A line on a terminal that is rewritten. */
class Progress {
  #shownAt = 0;
  #line: ProgressLine | undefined;

  constructor(private readonly noun: string, io: ServerIo) {
    this.#line = io.stderrIsLive ? progressLine(io.stderr, io.stderrColumns) : undefined;
  }

  show({ imported, unchanged, rejected }: ImportSummary): void {
    if (performance.now() - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = performance.now();
    this.#line?.show("Importing…", formatExactCount(imported + unchanged + rejected, this.noun));
  }

  clear(): void {
    this.#line?.clear();
  }
}

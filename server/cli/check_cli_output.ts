/** What `check-cli` writes: progress, a table with the findings, or JSON. */
import { brand } from "../../shared/brand.ts";
import { progressLine } from "../../shared/progress_line.ts";
import { formatJson, sanitizeLine } from "../../shared/sanitize.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { printTable, stateCell, type Table } from "../../shared/table.ts";
import { wrapForStdout } from "../../shared/wrap_text.ts";
import type { CheckOptions, CheckProgress } from "../check_cli/check.ts";
import type { CaseResult } from "../check_cli/run_case.ts";
import type { ServerIo } from "../io.ts";

export interface CheckReport extends CheckOptions {
  results: readonly CaseResult[];
}

const TABLE: Table<CaseResult> = {
  columns: [
    { title: "CASE", cell: ({ name }) => name },
    { title: "RESULT", cell: ({ result }) => stateCell(result) },
    { title: "RUNS", cell: ({ runs }) => String(runs) },
    { title: "REFRESHES", cell: ({ refreshes }) => String(refreshes), priority: 1 },
    { title: "FAULTS", cell: ({ faults }) => String(faults), priority: 1 },
    { title: "FAILED RUNS", cell: ({ failedRuns }) => String(failedRuns), priority: 2 },
    {
      title: "FINDINGS",
      cell: ({ findings, reason }) => findings.map(({ code }) => code).join(", ") || reason || null,
    },
  ],
  toJson: (row) => row,
  empty: "",
};

/** Progress on standard error: one line that is rewritten on a terminal, else one for each case. */
export function checkOutput(
  { runs }: Pick<CheckOptions, "runs">,
  io: ServerIo,
): CheckProgress & { clear(): void } {
  const line = io.stderrIsLive ? progressLine(io.stderr, io.stderrColumns) : undefined;
  return {
    clear: () => line?.clear(),
    preparing: (step) => line?.show(`${step}…`),
    running: (name, number) => line?.show(name, `${number} of ${runs} runs`),
    finished({ name, result, durationMs, reason }) {
      line?.clear();
      const detail = reason ?? `${Math.round(durationMs / 1000)} s`;
      io.stderr(`${name}: ${result} (${detail})\n`);
    },
  };
}

export function printReport(report: CheckReport, io: ServerIo): void {
  const { results } = report;
  // Columns in a pipe too: it is mostly the log of a CI job.
  printTable(
    TABLE,
    results,
    {},
    io.stdoutIsTerminal ? io : {
      ...io,
      stdoutIsTerminal: true,
      stdoutColumns: () => 120,
      env: { NO_COLOR: "1" },
    },
  );
  const lines = results.flatMap(({ name, findings }) =>
    findings.map(({ code, message, run, count }) => {
      const times = count === 1 ? "" : `, ${count} times`;
      return `${name}: ${code} in run ${run}${times}: ${message}.`;
    })
  );
  io.stdout(wrapForStdout(`\n${[...lines, ...lines.length > 0 ? [""] : []].join("\n")}`, io));
  io.stdout(wrapForStdout(`${verdict(report)}\n`, io));
}

function verdict(report: CheckReport): string {
  const { results } = report;
  const failed = results.filter(({ result }) => result === "failed");
  if (failed.length === 0) {
    const sum = (key: "runs" | "refreshes") =>
      results.reduce((total, result) => total + result[key], 0);
    return `Passed: nothing logged the user out, leaked a secret or hung in ${sum("runs")} runs ` +
      `with ${sum("refreshes")} refreshes.`;
  }
  const cases = failed.length === 1 ? "1 case" : `${failed.length} cases`;
  return `Failed: problems in ${cases} of ${results.length}. To repeat the first one:\n  ${
    repeatCommand(report, failed[0].name)
  }`;
}

function repeatCommand({ command, seed, runs, parallel }: CheckReport, name: string): string {
  const flags = ["--only", name, "--seed", seed, "--runs", runs, "--parallel", parallel];
  const typed = sanitizeLine(command.map(shellWord).join(" "), 500);
  return `${brand.binaryName} check-cli ${flags.join(" ")} … -- ${typed}`;
}

export function printJson({ results, command, seed, runs, parallel }: CheckReport, io: ServerIo) {
  const passed = results.every(({ result }) => result !== "failed");
  io.stdout(formatJson({
    ...{ passed, command, seed, runs, parallel },
    cases: results.map(({ reason, ...result }) => ({ ...result, reason: reason ?? null })),
  }));
}

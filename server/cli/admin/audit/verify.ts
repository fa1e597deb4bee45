import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { OperationSession } from "../../../admin/run_operation.ts";
import type { ChainProblem, KnownSeal } from "../../../audit/check_chain.ts";
import type { VerifyCursor } from "../../../audit/verify_chain.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminSession } from "../command.ts";
import { openInput } from "../import/input.ts";
import { readSeals } from "./read_seals.ts";

/** Problems that are listed; more are counted. */
const MAX_LISTED = 100;

interface VerifyOptions extends DatabaseOptions {
  log?: string;
  json?: boolean;
}

/** `admin audit verify` */
export async function adminAuditVerify(
  { log, json = false, ...options }: VerifyOptions,
  io: ServerIo,
): Promise<number> {
  return await adminSession(databaseOf(options), io, async (session) => {
    const known = log === undefined ? [] : await sealsIn(log, io);
    if (typeof known === "string") return reportUsage(known, io);
    const report = await verify(session, known, io);
    if (io.signal.aborted) return EXIT.interrupted;
    io.stdout(json ? formatJson(toJson(report, known)) : describe(report, known));
    return report.problemCount === 0 ? EXIT.ok : EXIT.failure;
  });
}

async function sealsIn(path: string, io: ServerIo): Promise<KnownSeal[] | string> {
  const input = await openInput(path, io);
  if (typeof input === "string") return input;
  const seals = await readSeals(input);
  if (seals.length > 0) return seals;
  return `${
    path === "-" ? "Standard input" : path
  } has no line audit_sealed. The server logs one ` +
    "every hour and when it stops, at log_level info.";
}

interface Report {
  events: number;
  chains: number;
  droppedChains: number;
  unsealed: { waiting: number; overdue: number; older: number };
  problemCount: number;
  /** The first ones. */
  problems: ChainProblem[];
}

async function verify(
  session: OperationSession,
  known: KnownSeal[],
  io: ServerIo,
): Promise<Report> {
  const report: Report = {
    ...{ events: 0, chains: 0, droppedChains: 0, problemCount: 0, problems: [] },
    unsealed: { waiting: 0, overdue: 0, older: 0 },
  };
  let cursor: VerifyCursor | undefined;
  do {
    const page = await session.run("verifyAuditLog", { cursor, known });
    report.events += page.events;
    report.chains += page.chains;
    report.droppedChains += page.dropped;
    report.problemCount += page.problems.length;
    report.problems.push(...page.problems.slice(0, MAX_LISTED - report.problems.length));
    report.unsealed = page.unsealed ?? report.unsealed;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && !io.signal.aborted);
  return report;
}

function toJson({ problems, ...report }: Report, known: readonly KnownSeal[]) {
  const listed = problems.map((problem) => ({ ...problem, event: problem.event ?? null }));
  return { ...report, problems: listed, known: known.length };
}

function describe(report: Report, known: readonly KnownSeal[]): string {
  const { events, chains, droppedChains, unsealed, problemCount, problems } = report;
  const lines = problems.map(({ message }) => sanitizeLine(message, 500));
  if (problemCount > problems.length) {
    lines.push(`And ${problemCount - problems.length} more.`);
  }
  const dropped = droppedChains === 0
    ? ""
    : `, and retention has removed ${count(droppedChains, "chain")}`;
  lines.push(
    `${count(events, "sealed event")} in ${count(chains, "chain")} checked${dropped}` +
      `${known.length === 0 ? "" : `, with ${count(known.length, "seal")} from the log`}.`,
  );
  if (unsealed.waiting > 0) {
    lines.push(`${count(unsealed.waiting, "event")} of the last minutes: not sealed yet.`);
  }
  if (unsealed.overdue > 0) {
    lines.push(
      `${count(unsealed.overdue, "event")} without a seal: a running server seals them within ` +
        "ten minutes.",
    );
  }
  if (unsealed.older > 0) {
    lines.push(`${count(unsealed.older, "event")} of versions that did not seal events.`);
  }
  lines.push(
    problemCount === 0
      ? "No event was changed, removed or reordered."
      : `${count(problemCount, "problem")}: someone has changed the database. Compare with a ` +
        "backup, and find out who has its password.",
  );
  return lines.map((line) => `${line}\n`).join("");
}

function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? "" : "s"}`;
}

import { brand } from "../../../shared/brand.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import type { ChainProblem } from "../../audit/check_chain.ts";
import { verifyAuditChain, type VerifyCursor } from "../../audit/verify_chain.ts";
import { verifyNewestSeals } from "../../audit/verify_newest.ts";
import { lastChainChange } from "../../store/audit_log/chain_changes.ts";
import { hasUnsealedEvents } from "../../store/audit_log/seals.ts";
import type { DoctorDeps, Extent } from "./examine.ts";

/** A long log is checked in part: the command `admin audit verify` checks all of it. */
const TIME_LIMIT_MS = 5000;
/** Another process seals the events of one that was killed within ten minutes. */
const UNSEALED_MS = 30 * 60_000;
const VERIFY = `${brand.binaryName} admin audit verify`;

/** The newest seals, and unless it is brief as many as the time permits, from the beginning. */
export async function auditFindings(deps: DoctorDeps, extent: Extent): Promise<Finding[]> {
  return [
    await sealFinding(deps, extent),
    ...await chainChangeFindings(deps),
    ...await unsealedFindings(deps),
  ];
}

async function sealFinding(deps: DoctorDeps, { brief }: Extent): Promise<Finding> {
  const newest = await verifyNewestSeals(deps);
  if (newest.problems.length > 0) return changed(newest.problems[0]);
  const checked = `the seals of the newest ${newest.events} events`;
  const advice = `To check all: ${VERIFY}`;
  if (brief) return { ...ok("audit_log", `${checked} are intact`), advice };
  const { problems: [first], events, isWhole } = await verifyFromStart(deps);
  if (first !== undefined) return changed(first);
  return isWhole
    ? ok("audit_log", `the seals of all ${events} events are intact`)
    : { ...ok("audit_log", `${checked} and of the first ${events} are intact`), advice };
}

async function verifyFromStart(
  deps: DoctorDeps,
): Promise<{ problems: ChainProblem[]; events: number; isWhole: boolean }> {
  const startedAt = performance.now();
  let events = 0;
  let cursor: VerifyCursor | undefined;
  do {
    const page = await verifyAuditChain(deps, { cursor });
    events += page.events;
    cursor = page.next ?? undefined;
    if (page.problems.length > 0) return { problems: page.problems, events, isWhole: false };
  } while (cursor !== undefined && performance.now() - startedAt < TIME_LIMIT_MS);
  return { problems: [], events, isWhole: cursor === undefined };
}

function changed({ message }: ChainProblem): Finding {
  return problem(
    "audit_log",
    message.replace(/\.$/, ""),
    `The log may have been changed. To see all: ${VERIFY}`,
  );
}

/** Also if the chain is as it was again, or gone. */
async function chainChangeFindings({ sql }: DoctorDeps): Promise<Finding[]> {
  const change = await lastChainChange(sql);
  return change === undefined ? [] : [
    warning(
      "audit_chain_changed",
      `chain ${change.chain} was changed before ${change.noticedAt.toISOString()}; ` +
        `chain ${change.successor} was started in its place`,
      "Find out who has changed the database: the event audit.chain_changed is in the log until " +
        "audit_retention removes it.",
    ),
  ];
}

async function unsealedFindings({ sql, clock }: DoctorDeps): Promise<Finding[]> {
  const isLate = await hasUnsealedEvents(sql, new Date(clock.now() - UNSEALED_MS));
  return isLate
    ? [
      warning(
        "audit_unsealed",
        "events of more than half an hour ago have no seal",
        "A running server seals them within ten minutes. If one runs, look for " +
          "audit_seal_failed in its log.",
      ),
    ]
    : [];
}

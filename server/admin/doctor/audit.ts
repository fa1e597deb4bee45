import { brand } from "../../../shared/brand.ts";
import { type Finding, ok, problem } from "../../../shared/finding.ts";
import { verifyAuditChain, type VerifyCursor } from "../../audit/verify_chain.ts";
import type { DoctorDeps } from "./examine.ts";

/** A long log is checked in part: the command `admin audit verify` checks all of it. */
const TIME_LIMIT_MS = 5000;

export async function auditFindings({ sql, secrets }: DoctorDeps): Promise<Finding[]> {
  const startedAt = performance.now();
  let events = 0;
  let cursor: VerifyCursor | undefined;
  do {
    const page = await verifyAuditChain({ sql, secrets }, { cursor });
    const [first] = page.problems;
    if (first !== undefined) {
      return [
        problem(
          "audit_log",
          first.message.replace(/\.$/, ""),
          `The log may have been changed. To see all: ${brand.binaryName} admin audit verify`,
        ),
      ];
    }
    events += page.events;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && performance.now() - startedAt < TIME_LIMIT_MS);
  const part = cursor === undefined ? "" : "the first ";
  return [ok("audit_log", `the seals of ${part}${events} events are intact`)];
}

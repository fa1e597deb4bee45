import { readLogBeginning } from "../store/audit_log/beginning.ts";
import type { Sql } from "../store/db/connect.ts";
import type { ChainProblem } from "./check_chain.ts";

/** Numbers that transactions may have taken before the first one that was committed. */
const MAX_ROLLED_BACK = 100;

/**
 * Whether the log was emptied together with its chains, which leaves no seal that could be wrong: the
 * numbers of events are from a sequence, which goes on. It proves nothing if that was reset as well.
 */
export async function checkBeginning(sql: Sql): Promise<ChainProblem[]> {
  const { first, isShortened } = await readLogBeginning(sql);
  const missing = BigInt(first) - 1n;
  if (isShortened || missing <= BigInt(MAX_ROLLED_BACK)) return [];
  return [{
    code: "events_removed",
    chain: "",
    message: `The log begins with event ${first}, although retention has not removed any: those ` +
      "before it were removed together with their chains.",
  }];
}

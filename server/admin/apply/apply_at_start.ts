import { brand } from "../../../shared/brand.ts";
import type { Plan } from "../../apply/plan.ts";
import { readFiles } from "../../apply/read_files.ts";
import { readSecrets } from "../../apply/read_secrets.ts";
import type { ConfigProblem } from "../../config/problem.ts";
import { DomainError } from "../../domain_error.ts";
import type { ServerIo } from "../../io.ts";
import type { Log } from "../../log.ts";
import type { AdminDeps } from "../operation.ts";
import { applyState, type DeclaredItem } from "./apply_state.ts";

/**
 * Applies the file of the setting `apply_file`. A server starts without it if it cannot be applied:
 * what was applied before still holds. Of several replicas, the others find nothing to do.
 */
export async function applyAtStart(
  deps: AdminDeps & { log: Log },
  path: string,
  io: ServerIo,
): Promise<void> {
  const state = await readAppliedFile(path, io);
  const result = Array.isArray(state)
    ? new DomainError("invalid", describeProblems(state))
    : await applyUnlessEmpty(deps, state);
  if (result instanceof DomainError) {
    deps.log("error", "apply_failed", { path, reason: result.message });
  } else if (result.changes.length > 0) {
    deps.log("info", "file_applied", { file: result.name, changes: result.changes.length });
  }
}

/** A file that was cut off, or is not there yet, must not remove everything that no one looks at. */
async function applyUnlessEmpty(
  deps: AdminDeps,
  state: { name: string; things: DeclaredItem[] },
): Promise<Plan | DomainError> {
  if (state.things.length > 0) return await applyState(deps, state);
  const plan = await applyState(deps, { ...state, dryRun: true });
  if (plan instanceof DomainError || plan.changes.length === 0) return plan;
  return new DomainError(
    "conflict",
    `The file declares nothing, which would remove all ${plan.changes.length} things that it ` +
      `manages. If that is meant, run: ${brand.binaryName} admin apply -f FILE`,
  );
}

/** What the file of the setting `apply_file` declares, or what is wrong with it. */
export async function readAppliedFile(
  path: string,
  io: ServerIo,
): Promise<{ name: string; things: DeclaredItem[] } | ConfigProblem[]> {
  const state = await readFiles([path], undefined, io);
  if (Array.isArray(state)) return state;
  const { things, problems } = await readSecrets(state, { optional: false }, io);
  return problems.length > 0 ? problems : { name: state.name, things };
}

function describeProblems([{ subject, message }, ...others]: readonly ConfigProblem[]): string {
  return `${subject}: ${message}${others.length === 0 ? "" : ` (and ${others.length} more)`}`;
}

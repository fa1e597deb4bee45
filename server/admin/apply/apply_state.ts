import type { Fields } from "../../apply/field.ts";
import { type Change, hasDangers, type Plan, planId } from "../../apply/plan.ts";
import type { ManagedKind } from "../../store/managed.ts";
import { DomainError } from "../../domain_error.ts";
import { ResourceCatalog } from "../../resources/catalog.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { lockForApply } from "../../store/managed.ts";
import { type AuditEvent, recordAuditEvent } from "../../store/audit_events.ts";
import { managerOf } from "../../store/managed_file.ts";
import { adminEvent } from "../admin_event.ts";
import { nestedTransaction } from "../nested_transaction.ts";
import type { AdminDeps, Operation } from "../operation.ts";
import { carryOut } from "./carry_out.ts";
import type { ApplyDeps, SecretValue } from "./managed_kind.ts";
import { makePlan } from "./make_plan.ts";

/** A thing as a command sends it: the secret was read where the command runs. */
export interface DeclaredItem {
  kind: ManagedKind;
  name: string;
  fields: Fields;
  adopt: boolean;
  secret?: SecretValue;
}

export interface ApplyRequest {
  /** The name of the files. */
  name: string;
  things: DeclaredItem[];
  /** Take over whatever was added by hand. */
  adopt?: boolean;
  /** Also do what is dangerous. */
  force?: boolean;
  /** The plan that was approved: another one is not carried out. */
  planId?: string;
  /** Only make the plan: everything is tried, and rolled back. */
  dryRun?: boolean;
}

/**
 * Brings the database to what files declare, in one transaction, by the operations that every interface
 * uses. No one else edits what files can manage until it is done. A failure has the thing and the
 * property as `field`: `["clients","billing","redirectUris"]`.
 */
export const applyState: Operation<ApplyRequest, Plan | DomainError> = async (deps, request) => {
  let changed: string[] = [];
  const result = await deps.sql.begin(async (tx) => {
    // A transaction that loses a conflict runs again.
    changed = [];
    await lockForApply(tx);
    const applying = await applyDeps(deps, tx, request, (subject) => changed.push(subject));
    const plan = await makePlan(applying, request);
    if (plan instanceof DomainError) throw plan;
    const { steps, inConfigFile } = plan;
    const changes = steps.map(({ change }) => change);
    const unchanged = request.things.length - inConfigFile -
      changes.filter(({ action }) => !["remove", "release"].includes(action)).length;
    const id = planId(request.name, changes);
    const refusal = request.dryRun ? undefined : checkApproval(request, changes, id);
    if (refusal !== undefined) throw refusal;
    const failure = await carryOut(applying, steps);
    if (failure !== undefined) throw failure;
    const done: Plan = { name: request.name, changes, unchanged, inConfigFile, id };
    if (request.dryRun) throw new DryRun(done);
    await recordAuditEvent(tx, deps.clock, appliedEvent(deps, request, done));
    return done;
  }).catch((error) => {
    if (error instanceof DryRun) return error.plan;
    if (error instanceof DomainError) return error;
    throw error;
  }) as Plan | DomainError;
  if (result instanceof DomainError && !request.dryRun) {
    await recordAuditEvent(deps.sql, deps.clock, failedEvent(deps, request, result));
  } else if (!request.dryRun) {
    for (const subject of changed) deps.tokenValidator?.invalidate(subject);
  }
  return result;
};

/** Besides the event of each change, which names the file. */
function appliedEvent(deps: AdminDeps, { name, force = false }: ApplyRequest, plan: Plan) {
  const count = (action: Change["action"]) =>
    plan.changes.filter((change) => change.action === action).length;
  return adminEvent(deps, {
    event: "file.applied",
    subject: managerOf(name),
    details: {
      plan: plan.id,
      created: count("create") + count("replace"),
      changed: count("change"),
      removed: count("remove") + count("replace"),
      adopted: plan.changes.filter(({ action, adopted }) => action === "adopt" || adopted).length,
      released: count("release"),
      forced: force,
    },
  });
}

/** Nothing was changed: the transaction was rolled back. */
function failedEvent(
  deps: AdminDeps,
  { name, planId, force = false }: ApplyRequest,
  { code, reason, field }: DomainError,
): AuditEvent {
  const event = adminEvent(deps, {
    event: "file.applied",
    subject: managerOf(name),
    details: {
      plan: planId ?? null,
      error: reason ?? code,
      ...field !== undefined && { field },
      forced: force,
    },
  });
  const isRefused = reason === "outdated_plan" || reason === "dangerous";
  return { ...event, result: isRefused ? "refused" : "failed" };
}

/** Rolls the transaction back after everything in it succeeded. */
class DryRun extends Error {
  constructor(readonly plan: Plan) {
    super("dry run");
  }
}

async function applyDeps(
  deps: AdminDeps,
  tx: Transaction,
  { name, things, force = false, dryRun = false }: ApplyRequest,
  invalidate: (subject: string) => void,
): Promise<ApplyDeps> {
  const { config, issuer } = deps;
  const sql = nestedTransaction(tx);
  return {
    ...deps,
    tx,
    sql,
    // What the transaction adds is known in it only.
    catalog: await ResourceCatalog.load({ sql, config, issuer }),
    applying: managerOf(name),
    declaredRules: things.filter(({ kind }) => kind === "trust-rule").map(({ name }) => name),
    // A plan says what is dangerous, and what would happen.
    force: force || dryRun,
    tokenValidator: { invalidate },
  };
}

function checkApproval(
  { planId: approved, force = false }: ApplyRequest,
  changes: readonly Change[],
  id: string,
): DomainError | undefined {
  if (approved !== undefined && approved !== id) {
    return new DomainError(
      "conflict",
      "The files or what is on the server have changed since the plan was shown. Nothing was " +
        "changed. Make a new plan.",
      { reason: "outdated_plan" },
    );
  }
  if (force || !hasDangers({ changes })) return undefined;
  const dangerous = changes.filter(({ dangers }) => dangers.length > 0);
  return new DomainError(
    "conflict",
    `${dangerous.length === 1 ? "One change is" : `${dangerous.length} changes are`} dangerous: ` +
      dangerous.map(({ kind, name, dangers }) =>
        `${kind} ${name}: ${dangers.map(({ message }) => message).join(" ")}`
      ).join(" ") + " Nothing was changed.",
    { reason: "dangerous", commandHint: "To do it anyway, use --force." },
  );
}

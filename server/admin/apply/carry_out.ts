import type { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { setManager } from "../../store/managed.ts";
import { adminEvent } from "../admin_event.ts";
import type { ApplyDeps, Refusal } from "./managed_kind.ts";
import { at, PARTS, type Step } from "./make_plan.ts";
import { releaseThing } from "./release.ts";

/**
 * Carries out the steps of a plan: what is removed first, in the reverse order of what refers to
 * what, so that names and identifiers are free. Returns the first failure.
 */
export async function carryOut(
  deps: ApplyDeps,
  steps: readonly Step[],
): Promise<DomainError | undefined> {
  const removals = steps.filter(({ change: { action } }) => action === "remove").reverse();
  const others = steps.filter(({ change: { action } }) => action !== "remove");
  // A scope can move from one resource to another.
  const losesScopes = ({ change: { action, fields } }: Step) =>
    action === "change" &&
    fields.some(({ field, after }) => field.startsWith("scopes.") && after === null);
  const ordered = [
    ...others.filter(({ change }) => change.kind === "group"),
    ...others.filter(losesScopes),
    ...others.filter((step) => step.change.kind !== "group" && !losesScopes(step)),
  ];
  for (const step of [...removals, ...ordered]) {
    const failure = await carryOutStep(deps, step);
    if (failure !== undefined) return at(step.change, failure);
    if (step.change.action !== "remove") await manage(deps, step);
  }
}

async function carryOutStep(deps: ApplyDeps, { change, handler, edit }: Step): Promise<Refusal> {
  const { name, after, secret } = edit;
  switch (change.action) {
    case "create":
      return await handler.add(deps, name, after, secret);
    case "replace":
      return await handler.remove(deps, name) ?? await handler.add(deps, name, after, secret);
    case "change":
      return edit.changed.size === 0 ? undefined : await handler.change(deps, edit);
    case "remove":
      return await handler.remove(deps, name);
    case "adopt":
      return await handler.adopt?.(deps, edit);
    case "release":
      return undefined;
  }
}

async function manage(deps: ApplyDeps, { change, parts }: Step): Promise<void> {
  const { tx, applying } = deps;
  const { kind, name, adopted } = change;
  if (parts === undefined) return await releaseThing(tx, deps, { kind, name });
  await setManager(tx, { kind, name }, applying);
  if (adopted) {
    const event = adminEvent(deps, { event: "file.adopted", subject: `${kind}/${name}` });
    await recordAuditEvent(tx, deps.clock, event);
  }
  const part = PARTS[kind];
  if (part !== undefined) {
    await setManager(tx, { kind, name }, parts[part] ? applying : null, part);
  }
}

import { compareFields } from "../../apply/compare_fields.ts";
import type { Fields } from "../../apply/field.ts";
import type { Action, Change, Danger, FieldChange } from "../../apply/plan.ts";
import { kindOf } from "../../apply/schema.ts";
import { DomainError } from "../../domain_error.ts";
import { findManager, listManaged, type ManagedPart } from "../../store/managed.ts";
import { fileOf } from "../../store/managed_file.ts";
import type { ApplyRequest, DeclaredItem } from "./apply_state.ts";
import { HANDLERS } from "./kinds.ts";
import type { ApplyDeps, CurrentThing, Edit, ManagedKindHandler } from "./managed_kind.ts";

/** A change, and what carries it out. */
export interface Step {
  change: Change;
  handler: ManagedKindHandler;
  edit: Edit;
  /** The parts that the file manages. Undefined: it manages nothing of it any more. */
  parts?: Readonly<Partial<Record<ManagedPart, boolean>>>;
}

/** The part of each kind that can be managed by hand where the rest is not, by its property. */
export const PARTS: Readonly<Record<string, ManagedPart>> = { client: "secret", group: "members" };

const HIDDEN = "(hidden)";

/** What has to happen so that the server has what the files declare. */
export async function makePlan(
  deps: ApplyDeps,
  request: ApplyRequest,
): Promise<{ steps: Step[]; inConfigFile: number } | DomainError> {
  const managed = await listManaged(deps.tx);
  const steps: Step[] = [];
  let inConfigFile = 0;
  for (const handler of HANDLERS) {
    const { kind } = handler;
    const declared = request.things.filter((thing) => thing.kind === kind);
    const current = await handler.read(
      deps,
      new Map(declared.map(({ name, fields }) => [name, fields])),
    );
    const managers = new Map(
      managed.filter((thing) => thing.kind === kind).map(({ name, manager }) => [name, manager]),
    );
    for (const thing of declared) {
      const now = current.get(thing.name);
      const step = await planThing(deps, request, { handler, thing, now, managers });
      if (step instanceof DomainError) return step;
      if (step === "in_config_file") inConfigFile++;
      else if (step !== undefined) steps.push(step);
    }
    for (const [name, manager] of managers) {
      const now = current.get(name);
      const isDeclared = declared.some((thing) => thing.name === name);
      if (manager !== deps.applying || isDeclared || now === undefined || now.isRetired) continue;
      steps.push(await planRemoval(deps, handler, name, now));
    }
  }
  return { steps, inConfigFile };
}

interface Planned {
  handler: ManagedKindHandler;
  thing: DeclaredItem;
  now: CurrentThing | undefined;
  managers: ReadonlyMap<string, string>;
}

async function planThing(
  deps: ApplyDeps,
  request: ApplyRequest,
  { handler, thing, now, managers }: Planned,
): Promise<Step | "in_config_file" | undefined | DomainError> {
  const { kind, name } = thing;
  const { noun, table } = kindOf(kind);
  const reject = (message: string, hint?: string) =>
    new DomainError("conflict", `The ${noun} ${name} ${message}`, {
      field: JSON.stringify([table, name]),
      commandHint: hint,
    });
  const completed = await handler.complete(deps, name, thing.fields);
  if (completed instanceof DomainError) return at(thing, completed);
  const before = now?.fields;
  // What a file does not say, and has no default, stays.
  const after: Fields = { ...before, ...completed };
  const differences = compareFields(kindOf(kind), before, after);
  if (now?.inConfigFile) {
    if (differences.length === 0) return "in_config_file";
    return reject(
      `is in the config file of the server too, with another ${differences[0].field}. The config ` +
        "file wins: change it there and restart the server, or remove it there.",
    );
  }
  const manager = managers.get(name);
  if (manager !== undefined && manager !== deps.applying) {
    return reject(
      `is managed by the file ${fileOf(manager)}. Remove it from one of the files.`,
      `To take it out of that one first: admin apply --release ${kind}/${name}`,
    );
  }
  const adopted = now !== undefined && manager === undefined;
  if (adopted && !now.isBuiltIn && !thing.adopt && !request.adopt) {
    return reject(
      "exists and was added by hand. Set adopt = true to have this file manage it from now on.",
      "To adopt all that exists, use --adopt.",
    );
  }
  const fields: FieldChange[] = differences.map(({ property: _, ...change }) => change);
  const changed = new Set(differences.map(({ property }) => property));
  const { secret } = thing;
  if (secret !== undefined && (now === undefined || !("isUnknown" in secret))) {
    const isOther = now === undefined || await handler.isOtherSecret!(deps, name, secret);
    if (isOther) {
      changed.add("secret");
      fields.push({ field: "secret", before: now === undefined ? null : HIDDEN, after: HIDDEN });
    }
  }
  const part = PARTS[kind];
  const isPartDeclared = part !== undefined &&
    (part === "secret" ? secret !== undefined : thing.fields[part] !== undefined);
  if (part !== undefined && now !== undefined && manager !== undefined) {
    const isPartManaged = await findManager(deps.tx, { kind, name }, part) !== undefined;
    if (isPartManaged !== isPartDeclared) {
      fields.push({ field: `manages_${part}`, before: isPartManaged, after: isPartDeclared });
    }
  }
  const isReplaced = now !== undefined &&
    differences.some(({ property }) =>
      kindOf(kind).fields.some((field) => field.property === property && field.replaces)
    );
  const action: Action | undefined = now === undefined
    ? "create"
    : isReplaced
    ? "replace"
    : adopted && changed.size === 0
    ? "adopt"
    : fields.length > 0
    ? "change"
    : undefined;
  if (action === undefined) return undefined;
  if (isReplaced && now.isBuiltIn) {
    return reject(`is one of every server: its ${differences[0].field} cannot be changed.`);
  }
  const edit: Edit = { name, before: before ?? {}, after, changed, secret };
  return {
    change: {
      action,
      kind,
      name,
      adopted,
      fields,
      dangers: await dangersOf(deps, handler, action, edit),
    },
    handler,
    edit,
    parts: part === undefined ? {} : { [part]: isPartDeclared },
  };
}

async function dangersOf(
  deps: ApplyDeps,
  handler: ManagedKindHandler,
  action: Action,
  edit: Edit,
): Promise<Danger[]> {
  const { name, before, after } = edit;
  if (action === "create") return await handler.additionDangers?.(deps, name, after) ?? [];
  if (action === "replace") {
    return [{
      code: "replaced",
      message: "It is removed and added again: what refers to it is lost.",
      advice: "Add the new one under another name, and remove this one when nothing uses it.",
    }, ...await handler.removalDangers(deps, name, before)];
  }
  return await handler.changeDangers?.(deps, edit) ?? [];
}

async function planRemoval(
  deps: ApplyDeps,
  handler: ManagedKindHandler,
  name: string,
  now: CurrentThing,
): Promise<Step> {
  const { kind } = handler;
  const edit: Edit = { name, before: now.fields, after: {}, changed: new Set() };
  const action = now.isBuiltIn ? "release" : "remove";
  const change: Change = {
    action,
    kind,
    name,
    adopted: false,
    fields: action === "release"
      ? []
      : compareFields(kindOf(kind), now.fields, undefined).map(({ property: _, ...change }) =>
        change
      ),
    dangers: action === "release" ? [] : await handler.removalDangers(deps, name, now.fields),
  };
  return { change, handler, edit };
}

/** A failure with the place of what it is about: `["clients","billing","redirectUris"]`. */
export function at(
  { kind, name }: Pick<DeclaredItem, "kind" | "name">,
  { code, message, field, reason, commandHint }: DomainError,
): DomainError {
  const { noun, table, fields } = kindOf(kind);
  const property = fields.find((known) => known.property === field)?.property;
  const path = [table, name, ...property === undefined ? [] : [property]];
  return new DomainError(code, `${noun} ${name}: ${message}`, {
    field: JSON.stringify(path),
    reason,
    commandHint,
  });
}

import { shortDuration } from "../../shared/duration.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { createStyle, type Style } from "../../shared/terminal_style.ts";
import { type Condition, describeCondition } from "../federation/condition.ts";
import type { Field, Value } from "./field.ts";
import type { Action, Change, FieldChange, Plan } from "./plan.ts";
import { kindOf } from "./schema.ts";

const SIGNS: Record<Action, string> = {
  create: "+",
  change: "~",
  replace: "-/+",
  remove: "-",
  adopt: "=",
  release: "×",
};

const COLORS: Record<Action, keyof Style> = {
  create: "green",
  change: "yellow",
  replace: "red",
  remove: "red",
  adopt: "faint",
  release: "faint",
};

/** Longest value that is shown, in characters. */
const MAX_VALUE = 200;

/** A plan as operators read it: a block for each change, and a summary. */
export function describePlan(plan: Plan, style: Style = createStyle(false)): string {
  const blocks = plan.changes.map((change) => describeChange(change, style));
  return [...blocks, summary(plan)].join("\n");
}

export function summary({ name, changes, unchanged, inConfigFile }: Plan): string {
  const count = (...actions: Action[]) =>
    changes.filter(({ action }) => actions.includes(action)).length;
  const parts = [
    [count("create"), "to add"],
    [count("change"), "to change"],
    [count("replace"), "to replace"],
    [count("remove"), "to remove"],
    [count("adopt"), "to adopt"],
    [count("release"), "to release"],
  ] as const;
  const listed = parts.filter(([number]) => number > 0).map((part) => part.join(" "));
  const config = inConfigFile === 0 ? "" : ` ${inConfigFile} as in the config file of the server.`;
  const same = unchanged === 0 ? "" : `, ${unchanged} unchanged`;
  return listed.length === 0
    ? `Nothing to do: the server has what ${name} declares.${config}\n`
    : `Plan of ${name}: ${listed.join(", ")}${same}.${config}\n`;
}

function describeChange(change: Change, style: Style): string {
  const { action, kind, name, adopted, fields, dangers } = change;
  const color = style[COLORS[action]];
  const { noun } = kindOf(kind);
  const note = action === "replace"
    ? " (replaced: removed, and added again)"
    : action === "release"
    ? " (stays, managed by hand)"
    : adopted
    ? " (adopted: managed by this file from now on)"
    : "";
  const lines = [
    `${color(SIGNS[action])} ${noun} ${style.bold(sanitizeLine(name, 100))}${note}`,
    // What is removed is named only.
    ...action === "remove" ? [] : describeFields(change, fields),
    ...dangers.flatMap(({ message, advice }) => [
      `    ${style.red("!")} ${sanitizeLine(message, 500)}`,
      ...advice === undefined ? [] : [`      ${sanitizeLine(advice, 500)}`],
    ]),
  ];
  return `${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

function describeFields({ kind, action }: Change, changes: readonly FieldChange[]): string[] {
  const listed = action === "create" ? changes.filter(({ after }) => !isEmpty(after)) : changes;
  const names = listed.map(({ field }) => sanitizeLine(field, 100));
  const width = Math.max(0, ...names.map(({ length }) => length));
  return listed.map((change, index) => {
    const field = kindOf(kind).fields.find(({ key }) => key === change.field);
    return `    ${names[index].padEnd(width)}  ${
      sanitizeLine(describeValues(change, field, action === "create"), 2 * MAX_VALUE + 10)
    }`;
  });
}

/** What a new thing has anyway. */
function isEmpty(value: Value): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}

function describeValues(
  { before, after }: FieldChange,
  field: Field | undefined,
  isNew: boolean,
): string {
  if (Array.isArray(before) && Array.isArray(after)) return describeList(before, after);
  const next = describeValue(after, field);
  return isNew ? next : `${describeValue(before, field)} → ${next}`;
}

/** What a list gains and loses. */
function describeList(before: readonly Value[], after: readonly Value[]): string {
  const [old, next] = [before, after].map((list) => list.map(describeItem));
  return [
    ...next.filter((value) => !old.includes(value)).map((value) => `+${value}`),
    ...old.filter((value) => !next.includes(value)).map((value) => `-${value}`),
  ].join(" ");
}

/** Conditions of trust rules are the only objects in lists. */
function describeItem(value: Value): string {
  return typeof value === "object" && value !== null
    ? describeCondition(value as unknown as Condition)
    : JSON.stringify(value);
}

function describeValue(value: Value, field: Field | undefined): string {
  // A scope of a resource has no field of its own.
  if (value === null) return field === undefined ? "(none)" : "(default)";
  if (value === "(hidden)") return "(hidden)";
  const text = field?.type === "duration" && typeof value === "number"
    ? shortDuration(value)
    : Array.isArray(value) && value.some((item) => typeof item === "object")
    ? value.map(describeItem).join(", ")
    : JSON.stringify(value);
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}…`;
}

import { stringify } from "smol-toml";
import { brand } from "../../shared/brand.ts";
import type { Fields } from "./field.ts";
import { kindOf, KINDS } from "./schema.ts";
import type { ManagedKind } from "../store/managed.ts";

interface WrittenThing {
  kind: ManagedKind;
  name: string;
  values: Fields;
  hasSecret: boolean;
}

/** Things as a TOML file that declares them. */
export function writeState(name: string, things: readonly WrittenThing[]): string {
  const tables = KINDS.flatMap(({ kind }) => things.filter((thing) => thing.kind === kind))
    .map(writeThing);
  const header = `# What the server has now. To have this file manage what was added by hand:\n` +
    `#   ${brand.binaryName} admin apply -f FILE --adopt\n`;
  return [`${header}${stringify({ name })}`, ...tables].join("\n");
}

function writeThing({ kind, name, values, hasSecret }: WrittenThing): string {
  const { table, fields } = kindOf(kind);
  const text = stringify({ [table]: { [name]: values } }).trimStart();
  const secret = fields.find((field) => field.secret === "file");
  if (!hasSecret || secret === undefined) return text;
  // In the table itself, before those in it.
  const [first, ...rest] = text.split("\n\n");
  const comment = `# ${secret.key} = "${name}.secret"`;
  return `${[`${first.trimEnd()}\n${comment}`, ...rest].join("\n\n").trimEnd()}\n`;
}

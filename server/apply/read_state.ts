import { listText } from "../../shared/list_text.ts";
import { nearestName } from "../../shared/nearest_name.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { settings } from "../config/schema.ts";
import type { ManagedKind } from "../store/managed.ts";
import type { Field, Fields, Kind } from "./field.ts";
import { readValue, WrongValue } from "./read_value.ts";
import type { StateDocument } from "./read_document.ts";
import { KINDS } from "./schema.ts";

/** Where a command reads the value of a secret. */
export interface SecretSource {
  property: string;
  from: "file" | "environment";
  /** The path or the variable. */
  name: string;
  /** The path of the file that names it. */
  namedIn: string;
}

/** One thing that a file declares. */
export interface DeclaredThing {
  kind: ManagedKind;
  name: string;
  /** What the file says, by property; without what it leaves out. */
  fields: Fields;
  /** Whether it takes over what was added by hand. */
  adopt: boolean;
  secret?: SecretSource;
}

/** What files declare together. */
export interface DeclaredState {
  /** The name that the files give to the state. */
  name?: string;
  things: DeclaredThing[];
  /** Settings of the server that a file has as well, which take effect when it starts. */
  ignored: string[];
  problems: ConfigProblem[];
  /** The file and the line of a thing, or of one of its properties. */
  place(thing: Pick<DeclaredThing, "kind" | "name">, property?: string): string;
}

/** Keys that every entry can have. */
const ADOPT = "adopt";
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isStateName(name: string): boolean {
  return NAME.test(name);
}

/** Reads the tables of all files. */
export function readState(documents: readonly StateDocument[]): DeclaredState {
  const reader = new StateReader();
  for (const document of documents) reader.read(document);
  const { name, things, ignored, problems } = reader;
  return {
    name: name?.value,
    things: KINDS.flatMap(({ kind }) => things.filter((thing) => thing.kind === kind)),
    ignored: [...ignored],
    problems,
    place: (thing, property) => reader.place(thing, property),
  };
}

class StateReader {
  name?: { value: string; place: string };
  readonly things: DeclaredThing[] = [];
  readonly ignored = new Set<string>();
  readonly problems: ConfigProblem[] = [];
  readonly #documents = new Map<string, StateDocument>();

  read(document: StateDocument): void {
    for (const [table, entries] of Object.entries(document.tables)) {
      const kind = KINDS.find((kind) => kind.table === table);
      if (kind !== undefined) this.#readTable(document, kind, entries);
      else if (table === "name") this.#readName(document, entries);
      else if (isSetting(table)) this.ignored.add(table);
      else this.#rejectTable(document, table);
    }
  }

  place({ kind, name }: Pick<DeclaredThing, "kind" | "name">, property?: string): string {
    const document = this.#documents.get(key(kind, name));
    const declared = KINDS.find((known) => known.kind === kind)!;
    if (document === undefined) return name;
    const field = declared.fields.find((field) =>
      field.property === property &&
      document.place(declared.table, name, field.key) !== document.path
    );
    const place = document.place(declared.table, name, ...field === undefined ? [] : [field.key]);
    return place === document.path ? document.place(declared.table, name) : place;
  }

  #readName(document: StateDocument, value: unknown): void {
    const place = document.place("name");
    if (typeof value !== "string" || !isStateName(value)) {
      this.#reject(
        place,
        "name must be up to 64 lowercase letters, digits and the characters . _ -",
      );
    } else if (this.name !== undefined && this.name.value !== value) {
      this.#reject(
        place,
        `name is "${value}" here and "${this.name.value}" in ${this.name.place}. Files that are ` +
          "applied together have one name.",
      );
    } else this.name ??= { value, place };
  }

  #readTable(document: StateDocument, kind: Kind, entries: unknown): void {
    if (!isTable(entries)) {
      const example = `[${kind.table}.NAME]`;
      this.#reject(
        document.place(kind.table),
        `"${kind.table}" must be tables, such as ${example}.`,
      );
      return;
    }
    for (const [name, entry] of Object.entries(entries)) {
      const before = this.#documents.get(key(kind.kind, name));
      if (before !== undefined) {
        this.#reject(
          document.place(kind.table, name),
          `the ${kind.noun} "${name}" is declared in ${before.place(kind.table, name)} too. Keep ` +
            "one of them.",
        );
        continue;
      }
      this.#documents.set(key(kind.kind, name), document);
      this.#readThing(document, kind, name, entry);
    }
  }

  #readThing(document: StateDocument, kind: Kind, name: string, value: unknown): void {
    const place = (...keys: string[]) => document.place(kind.table, name, ...keys);
    const entry = typeof value === "string" && kind.shortFor !== undefined
      ? { [kind.shortFor]: value }
      : value;
    if (!isTable(entry)) {
      this.#reject(
        place(),
        `the ${kind.noun} "${name}" must be a table, such as [${kind.table}.${tomlKey(name)}].`,
      );
      return;
    }
    const thing: DeclaredThing = { kind: kind.kind, name, fields: {}, adopt: false };
    for (const [key, value] of Object.entries(entry)) {
      const field = kind.fields.find((field) => field.key === key);
      if (key === ADOPT) {
        if (typeof value === "boolean") thing.adopt = value;
        else this.#reject(place(key), "adopt must be true or false.");
      } else if (field === undefined) this.#rejectKey(place(key), kind, key);
      else this.#readField(document.path, place(key), thing, field, value);
    }
    for (const field of kind.fields) {
      if (field.required && entry[field.key] === undefined) {
        const example = field.example ?? field.values?.[0];
        this.#reject(
          place(),
          `the ${kind.noun} "${name}" needs ${field.key}${
            example === undefined ? "" : `, such as "${example}"`
          }: ${field.description}.`,
          "missing",
        );
      }
    }
    this.things.push(thing);
  }

  #readField(
    path: string,
    place: string,
    thing: DeclaredThing,
    field: Field,
    value: unknown,
  ): void {
    const read = readValue(field, value);
    if (read instanceof WrongValue) this.#reject(place, read.message);
    else if (field.secret === undefined) thing.fields[field.property] = read;
    else if (thing.secret !== undefined) {
      this.#reject(place, "name a file or an environment variable, not both.", "incomplete_pair");
    } else {
      const { property, secret: from } = field;
      thing.secret = { property, from, name: String(read), namedIn: path };
    }
  }

  #rejectKey(place: string, kind: Kind, key: string): void {
    const secret = kind.fields.find((field) => field.secret === "file");
    if (secret !== undefined && `${key}_file` === secret.key) {
      this.#reject(
        place,
        `a file that is applied has no secrets. Use ${secret.key} or ${key}_env, and replace the ` +
          "secret if the file was stored anywhere.",
      );
      return;
    }
    const keys = [...kind.fields.map((field) => field.key), ADOPT];
    const nearest = nearestName(key, keys);
    const next = nearest === undefined
      ? `Use ${listText(keys, "", ", ")}.`
      : `Did you mean ${nearest}?`;
    this.#reject(place, `unknown key "${key}" of a ${kind.noun}. ${next}`, "unknown_setting");
  }

  #rejectTable(document: StateDocument, table: string): void {
    const tables = KINDS.map((kind) => kind.table);
    const nearest = nearestName(table, [...tables, "name"]);
    const next = nearest === undefined
      ? `Use ${listText(tables, "", ", ")}.`
      : `Did you mean ${nearest}?`;
    this.#reject(document.place(table), `unknown table "${table}". ${next}`, "unknown_setting");
  }

  #reject(subject: string, message: string, code: ConfigProblem["code"] = "invalid_value"): void {
    this.problems.push({ code, subject, message });
  }
}

/** Settings that have a value can have a file with it as well. */
function isSetting(key: string): boolean {
  return settings.some(({ name }) => key === name || key === `${name}_file`);
}

function key(kind: ManagedKind, name: string): string {
  return `${kind} ${name}`;
}

export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

import type { ManagedKind } from "../store/managed.ts";

/** A value of the state, as JSON: what a file declares, and what is in the database. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** The fields of one thing, by property; absent is null. */
export type Fields = Record<string, Value>;

export type FieldType =
  | "text"
  | "texts"
  | "boolean"
  | "duration"
  | "date"
  /** Scopes by name, each a description or a table. */
  | "scopes"
  /** What values count as, by value. */
  | "levels";

/** One key of a table, declared once: for reading, JSON Schema, documentation and export. */
export interface Field {
  /** In files. */
  key: string;
  /** In code, and in the details of errors. */
  property: string;
  type: FieldType;
  description: string;
  required?: true;
  /** What it is if a file does not say it; absent: null. */
  default?: Value;
  values?: readonly string[];
  example?: string;
  /** Another value makes it another thing: the old one is removed and a new one added. */
  replaces?: true;
  /** The value is read from this file or variable where the command runs, and never shown. */
  secret?: "file" | "environment";
  /** Not a part of what is compared, but of how it is written. */
  isNotation?: true;
}

/** One table of files: what it declares, and its keys. */
export interface Kind {
  kind: ManagedKind;
  table: string;
  /** In messages: "client". */
  noun: string;
  description: string;
  fields: readonly Field[];
  /** An entry may be a text, which is this key. */
  shortFor?: string;
}

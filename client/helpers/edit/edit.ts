/** A setting in a configuration file of another program. */
export interface Edit {
  path: string;
  /**
   * What to insert into the text of the file, which is empty if there is no file; nothing if the
   * setting is there already. Throws ClientError if there is another setting in its place.
   */
  insert(text: string): Insertion[];
  /** Takes out what was inserted, also after the program or the user has changed the file. */
  remove(text: string, inserted: readonly string[]): string;
  /** Whether several helpers need it. */
  shared?: boolean;
}

export interface Insertion {
  /** The offset in the text. */
  at: number;
  text: string;
}

export function applyInsertions(text: string, insertions: readonly Insertion[]): string {
  return [...insertions].sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), text);
}

/** Takes out the parts as they were inserted; undefined if one of them is not there. */
export function removeExactly(text: string, inserted: readonly string[]): string | undefined {
  let rest = text;
  for (const part of inserted) {
    const at = rest.indexOf(part);
    if (at < 0) return undefined;
    rest = rest.slice(0, at) + rest.slice(at + part.length);
  }
  return rest;
}

/**
 * Without characters that PostgreSQL rejects, in JSON or in any text: NUL, and half of a surrogate
 * pair, which a text ends with that was cut within one.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

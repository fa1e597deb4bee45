/** UTF-16, as Windows PowerShell's `>` writes it: binary to git, text to people. */

/** Of a text that begins so; undefined if it is not UTF-16 with a byte order mark. */
export function wideEncoding([first, second]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

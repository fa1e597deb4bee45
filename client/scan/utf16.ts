/** UTF-16, as `>` of Windows PowerShell writes it. Git treats it as binary. */

/** The encoding by the byte order mark; undefined without one. */
export function wideEncoding([first, second]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/**
 * The SHA-256 of `data` in hexadecimal. Not by `node:crypto`, which takes 15 ms to load: too long
 * for a command that hashes a name.
 */
export async function sha256Hex(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

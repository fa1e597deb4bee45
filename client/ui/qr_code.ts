/** An address as a QR code that a phone reads off a terminal. */
import { renderUnicodeCompact } from "uqr";

/**
 * Lines of half-block characters. Where `coloured`, light and dark are set
 * outright, so that the code is right on light terminals too.
 */
export function qrCode(address: string, coloured: boolean): string {
  const lines = renderUnicodeCompact(address, { border: 2, ecc: "L" }).split("\n");
  return lines.map((line) => coloured ? `\x1b[97;40m${line}\x1b[0m\n` : `${line}\n`).join("");
}

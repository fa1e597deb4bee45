/** An address as a QR code for a terminal. */
import { renderUnicodeCompact } from "uqr";

/** In half-block characters. `colored` sets both colors, for terminals of either theme. */
export function qrCode(address: string, colored: boolean): string {
  const lines = renderUnicodeCompact(address, { border: 2, ecc: "L" }).split("\n");
  return lines.map((line) => colored ? `\x1b[97;40m${line}\x1b[0m\n` : `${line}\n`).join("");
}

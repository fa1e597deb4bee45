/** An authenticator app of our own (RFC 6238 with RFC 4226), to compare the server with. */
import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code for this key (Base32, RFC 4648 section 6) at a time in ms since 1970. */
export function totpCode(key: string, at: number): string {
  const bits = [...key.replace(/\s/g, "")]
    .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", bytes).update(counter).digest();
  const offset = mac[19] & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The key that a page shows to type into an app. */
export function shownKey(html: string): string {
  const command = /<p class="command">([^]*?)<\/p>/.exec(html)?.[1] ?? "";
  return command.replace(/<[^>]*>|\s/g, "");
}

/** The recovery codes that a page shows. */
export function shownRecoveryCodes(html: string): string[] {
  const list = /<ol class="recovery-codes"[^]*?<\/ol>/.exec(html)?.[0] ?? "";
  return [...list.matchAll(/<code>([^<]*)<\/code>/g)].map(([, code]) => code);
}

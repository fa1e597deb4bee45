/** Writes DER (X.690), as much of it as certificates need. */
import { Buffer } from "node:buffer";

export function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = Buffer.from(
    body.length.toString(16).padStart(body.length < 0x100 ? 2 : 4, "0"),
    "hex",
  );
  return Buffer.concat([Buffer.from([tag, 0x80 + size.length]), size, body]);
}

export const sequence = (...content: Uint8Array[]) => der(0x30, ...content);
export const octets = (...content: Uint8Array[]) => der(0x04, ...content);
export const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);
export const utf8 = (text: string) => der(0x0c, Buffer.from(text));
export const yes = der(0x01, Buffer.from([0xff]));

export function integer(value: Uint8Array | number): Buffer {
  return der(0x02, typeof value === "number" ? Buffer.from([value]) : value);
}

export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift(0x80 | left & 0x7f);
    bytes.push(...digits);
  }
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, in seconds. */
export function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text));
}

/** As much of D-Bus messages as the keychain needs (D-Bus Specification, "Message Protocol"). */

export interface MethodCall {
  /** Not 0; the reply names it. */
  serial: number;
  destination: string;
  path: string;
  interface: string;
  member: string;
  /** Arguments, marshalled already, and their signature. */
  body?: { signature: string; bytes: Uint8Array };
}

/** A reply or a signal. */
export interface Message {
  /** Serial of the call it answers; 0 for a signal. */
  replyTo: number;
  /** Name of the D-Bus error, if the call failed. */
  error?: string;
  /** The object that emits a signal, and its name. */
  path?: string;
  member?: string;
  /** Bytes the message takes. */
  length: number;
  /** What it answers, marshalled, and the types of that. */
  body: Uint8Array;
  signature: string;
  isLittleEndian: boolean;
}

const METHOD_CALL = 1;
const FIELD = { path: 1, interface: 2, member: 3, error: 4, replySerial: 5, to: 6, signature: 8 };

/** Bytes of a message, little endian. */
export function encodeCall(call: MethodCall): Uint8Array {
  const fields = new Writer();
  fields.field(FIELD.path, "o", call.path);
  fields.field(FIELD.to, "s", call.destination);
  fields.field(FIELD.interface, "s", call.interface);
  fields.field(FIELD.member, "s", call.member);
  if (call.body) fields.field(FIELD.signature, "g", call.body.signature);

  const message = new Writer();
  message.bytes.push("l".charCodeAt(0), METHOD_CALL, 0, 1);
  message.uint32(call.body?.bytes.length ?? 0);
  message.uint32(call.serial);
  message.uint32(fields.bytes.length);
  message.bytes.push(...fields.bytes);
  message.align(8);
  message.bytes.push(...call.body?.bytes ?? []);
  return Uint8Array.from(message.bytes);
}

/** The first message in `bytes`; undefined if it has not arrived whole. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === "l".charCodeAt(0);
  const fieldsEnd = 16 + view.getUint32(12, little);
  const bodyStart = aligned(fieldsEnd, 8);
  const length = bodyStart + view.getUint32(4, little);
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(bodyStart, length);
  const message: Message = { replyTo: 0, length, body, signature: "", isLittleEndian: little };
  for (let at = 16; at < fieldsEnd;) {
    at = aligned(at, 8);
    const [code, type] = [bytes[at], String.fromCharCode(bytes[at + 2])];
    at += 4;
    if (type === "u") {
      if (code === FIELD.replySerial) message.replyTo = view.getUint32(at, little);
      at += 4;
    } else if (type === "g") {
      const end = at + 1 + bytes[at];
      if (code === FIELD.signature) {
        message.signature = new TextDecoder().decode(bytes.subarray(at + 1, end));
      }
      at = end + 1;
    } else {
      const size = view.getUint32(at, little);
      const text = new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + size));
      if (code === FIELD.error) message.error = text;
      if (code === FIELD.path) message.path = text;
      if (code === FIELD.member) message.member = text;
      at += 4 + size + 1;
    }
  }
  return message;
}

/** Values at their alignment, strings terminated by NUL ("Marshaling"). */
class Writer {
  readonly bytes: number[] = [];

  align(size: number): void {
    while (this.bytes.length % size !== 0) this.bytes.push(0);
  }

  uint32(value: number): void {
    this.align(4);
    this.bytes.push(value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24);
  }

  string(value: string): void {
    const utf8 = new TextEncoder().encode(value);
    this.uint32(utf8.length);
    this.bytes.push(...utf8, 0);
  }

  signature(value: string): void {
    this.bytes.push(value.length, ...new TextEncoder().encode(value), 0);
  }

  field(code: number, type: "o" | "s" | "g", value: string): void {
    this.align(8);
    this.bytes.push(code);
    this.signature(type);
    if (type === "g") this.signature(value);
    else this.string(value);
  }
}

function aligned(offset: number, size: number): number {
  return Math.ceil(offset / size) * size;
}

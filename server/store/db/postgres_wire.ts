/** The parts of PostgreSQL's protocol 3.0 that are read and written here ("Message Formats"). */
import { Buffer } from "node:buffer";

/** A complete message, including its type byte and length. */
export type Message = Buffer;

/** As the character that the documentation uses. */
export function messageType(message: Message): string {
  return String.fromCharCode(message[0]);
}

/** Splits a stream into complete messages. */
export class MessageReader {
  #rest: Buffer[] = [];
  #length = 0;
  #needed = 5;

  /** The bytes of all messages that are complete now, and the offset of each. */
  read(chunk: Uint8Array): { bytes: Buffer; starts: number[] } {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#rest.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return { bytes: Buffer.alloc(0), starts: [] };
    const bytes = this.#rest.length === 1 ? piece : Buffer.concat(this.#rest);
    const starts: number[] = [];
    let at = 0;
    this.#needed = 5;
    while (bytes.length - at >= 5) {
      const length = 1 + bytes.readUInt32BE(at + 1);
      if (bytes.length - at < length) {
        this.#needed = length;
        break;
      }
      starts.push(at);
      at += length;
    }
    const rest = bytes.subarray(at);
    this.#rest = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return { bytes: bytes.subarray(0, at), starts };
  }
}

/** The message at the offset `start`. */
export function messageAt(bytes: Buffer, start: number): Message {
  return bytes.subarray(start, start + 1 + bytes.readUInt32BE(start + 1));
}

/** The fields of an ErrorResponse. */
export interface ServerError {
  /** SQLSTATE (PostgreSQL documentation, appendix A). */
  code: string;
  message: string;
}

export function readServerError(message: Message): ServerError {
  const fields = new Map(
    message.subarray(5).toString("utf8").split("\0").filter((field) => field !== "")
      .map((field) => [field[0], field.slice(1)]),
  );
  return { code: fields.get("C") ?? "", message: fields.get("M") ?? "" };
}

/** Protocol 3.0 in a startup message. */
const PROTOCOL = 196_608;

/** A parameter that makes the startup message long; it is not sent. */
export const PADDING = "padding";

/**
 * The startup message at the end of `chunk`, without its padding, and with the parameters that are
 * kept. In front of it postgres.js sends what the previous connection had not sent when it was lost.
 */
export function startupMessage(
  chunk: Buffer,
  isKept: (parameter: string) => boolean = () => true,
): Buffer {
  for (let at = chunk.length - 8; at >= 0; at--) {
    if (chunk.readUInt32BE(at + 4) !== PROTOCOL) continue;
    if (chunk.readUInt32BE(at) !== chunk.length - at) continue;
    const fields = chunk.toString("utf8", at + 8).split("\0");
    const kept: string[] = [];
    for (let index = 0; index + 1 < fields.length && fields[index] !== ""; index += 2) {
      const [name, value] = fields.slice(index, index + 2);
      if (name !== PADDING && isKept(name)) kept.push(`${name}\0${value}\0`);
    }
    const body = Buffer.from(`${kept.join("")}\0`);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length, 0);
    head.writeUInt32BE(PROTOCOL, 4);
    return Buffer.concat([head, body]);
  }
  // A request to cancel a statement.
  return Buffer.from(chunk);
}

/** CancelRequest, with the process and secret of a BackendKeyData message. */
export function cancelRequest(keyData: Message): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 16, 4, 210, 22, 46]), keyData.subarray(5, 13)]);
}

/** An ErrorResponse of severity FATAL. */
export function fatalError({ code, message }: ServerError): Message {
  const fields = ["SFATAL", "VFATAL", `C${code}`, `M${message}`].map((field) => `${field}\0`);
  return compose("E", Buffer.from(`${fields.join("")}\0`));
}

/** ReadyForQuery: `I` idle, `T` in a transaction, `E` in one that failed. */
export function readyForQuery(status: "I" | "T" | "E"): Message {
  return compose("Z", Buffer.from(status));
}

export function commandComplete(tag: string): Message {
  return compose("C", Buffer.from(`${tag}\0`));
}

function compose(type: string, body: Buffer): Message {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

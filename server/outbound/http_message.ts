/** Status and headers of an HTTP/1.1 response (RFC 9112). */
export interface ResponseHead {
  status: number;
  headers: Headers;
}

/** A response that is malformed or exceeds a limit; `message` continues a sentence about the URL. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  constructor(message: string, readonly tooLarge = false) {
    super(message);
  }
}

/** Longest chunk header, extensions included. */
const MAX_CHUNK_HEADER_BYTES = 1024;

/** Reads lines and counted bytes from a connection, at most one buffer ahead of what is requested. */
export class StreamReader {
  #buffered = new Uint8Array();
  #finished = false;

  constructor(private readonly conn: Pick<Deno.Conn, "read">) {}

  /** The text before the next CRLF, as Latin-1; throws if it has more than `limit` bytes. */
  async readLine(limit: number): Promise<string> {
    for (let searched = 0;;) {
      const end = indexOfCrlf(this.#buffered, searched);
      if (end > limit || (end < 0 && this.#buffered.length > limit + 1)) {
        throw new MessageError("sent a line that is too long", true);
      }
      if (end >= 0) {
        const line = new TextDecoder("latin1").decode(this.#buffered.subarray(0, end));
        this.#buffered = this.#buffered.slice(end + 2);
        return line;
      }
      searched = Math.max(0, this.#buffered.length - 1);
      if (!await this.#fill()) throw new MessageError("closed the connection early");
    }
  }

  async readExactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let size = 0; size < count;) {
      if (this.#buffered.length === 0 && !await this.#fill()) {
        throw new MessageError("closed the connection early");
      }
      const part = this.#buffered.subarray(0, count - size);
      bytes.set(part, size);
      size += part.length;
      this.#buffered = this.#buffered.subarray(part.length);
    }
    return bytes;
  }

  /** The next bytes, or undefined at the end. */
  async readSome(): Promise<Uint8Array | undefined> {
    if (this.#buffered.length === 0 && !await this.#fill()) return undefined;
    const bytes = this.#buffered;
    this.#buffered = new Uint8Array();
    return bytes;
  }

  async #fill(): Promise<boolean> {
    if (this.#finished) return false;
    const chunk = new Uint8Array(16 * 1024);
    const count = await this.conn.read(chunk);
    if (count === null) {
      this.#finished = true;
      return false;
    }
    const joined = new Uint8Array(this.#buffered.length + count);
    joined.set(this.#buffered);
    joined.set(chunk.subarray(0, count), this.#buffered.length);
    this.#buffered = joined;
    return true;
  }
}

function indexOfCrlf(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x0d, from); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    if (bytes[at + 1] === 0x0a) return at;
  }
  return -1;
}

/** Reads status line and headers of the final response; skips interim ones (RFC 9110 section 15.2). */
export async function readHead(reader: StreamReader, limit: number): Promise<ResponseHead> {
  let left = limit;
  const line = async () => {
    const text = await reader.readLine(left);
    left -= text.length + 2;
    return text;
  };
  for (;;) {
    const [, digits] = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(await line()) ?? [];
    if (digits === undefined) throw new MessageError("does not speak HTTP/1.1");
    const headers = new Headers();
    for (let text = await line(); text !== ""; text = await line()) {
      const colon = text.indexOf(":");
      try {
        headers.append(text.slice(0, colon), text.slice(colon + 1).trim());
      } catch {
        throw new MessageError("sent a malformed header");
      }
    }
    const status = Number(digits);
    if (status >= 200) return { status, headers };
  }
}

/**
 * Reads the body that belongs to `head` (RFC 9112 section 6.3), `limit` bytes at most. With a limit
 * of 0 the body is not read.
 */
export async function readBody(
  reader: StreamReader,
  { status, headers }: ResponseHead,
  limit: number,
): Promise<Uint8Array> {
  if (limit === 0 || status === 204 || status === 304) return new Uint8Array();
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new MessageError("sent a compressed body, which was not requested");
  }
  const transfer = headers.get("transfer-encoding");
  if (transfer !== null) {
    if (transfer.toLowerCase() !== "chunked") {
      throw new MessageError("sent an unknown transfer encoding");
    }
    return await readAll(chunks(reader, limit), limit);
  }
  const length = headers.get("content-length");
  if (length === null) return await readAll(readToEnd(reader), limit);
  if (!/^\d{1,15}$/.test(length)) throw new MessageError("sent a malformed Content-Length");
  if (Number(length) > limit) throw tooLarge(limit);
  return await reader.readExactly(Number(length));
}

async function* chunks(reader: StreamReader, limit: number): AsyncGenerator<Uint8Array> {
  for (;;) {
    const [, hex] =
      /^([0-9A-Fa-f]{1,8})[ \t]*(?:;|$)/.exec(await reader.readLine(MAX_CHUNK_HEADER_BYTES)) ?? [];
    if (hex === undefined) throw new MessageError("sent a malformed chunk");
    const size = parseInt(hex, 16);
    if (size === 0) return;
    if (size > limit) throw tooLarge(limit);
    yield await reader.readExactly(size);
    if (await reader.readLine(0) !== "") throw new MessageError("sent a malformed chunk");
  }
}

async function* readToEnd(reader: StreamReader): AsyncGenerator<Uint8Array> {
  for (let part = await reader.readSome(); part !== undefined; part = await reader.readSome()) {
    yield part;
  }
}

async function readAll(parts: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const part of parts) {
    size += part.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(part);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const part of chunks) {
    body.set(part, offset);
    offset += part.length;
  }
  return body;
}

function tooLarge(limit: number): MessageError {
  return new MessageError(`sent more than ${Math.floor(limit / 1024)} KB`, true);
}

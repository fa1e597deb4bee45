/** Connections to a server that is fuzzed, and what is read from them. */
import { readBody, readHead, StreamReader } from "../../../server/outbound/http_message.ts";
import type { ReceivedResponse } from "./check_response.ts";

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export type Connect = () => Promise<Deno.Conn>;

/** Writes in pieces of `size` bytes; 0: all at once. The server may close meanwhile. */
export async function write(conn: Deno.Conn, bytes: Uint8Array, size: number): Promise<void> {
  // A few small pieces are enough, and leave the rest for one.
  let pieces = 0;
  for (let sent = 0; sent < bytes.length;) {
    const end = size === 0 || ++pieces > 40 ? undefined : sent + size;
    sent += await conn.write(bytes.subarray(sent, end));
  }
}

/**
 * Sends several valid messages over one connection, and reads the response to each. Fewer responses
 * than messages: the server closed the connection after the last one of them, and said so, or
 * `closed` says when it did.
 */
export async function exchange(
  connect: Connect,
  messages: readonly { bytes: Uint8Array; method: string }[],
  pieces: number,
): Promise<{ responses: ReceivedResponse[]; closed?: string }> {
  using conn = await connect();
  const writing = (async () => {
    for (const { bytes } of messages) await write(conn, bytes, pieces);
  })();
  const failed = writing.then(() => undefined, (error: Error) => error.message);
  const reader = new StreamReader(conn);
  const responses: ReceivedResponse[] = [];
  let closed: string | undefined;
  for (const { method } of messages) {
    try {
      const head = await readHead(reader, MAX_HEAD_BYTES);
      const body = method === "HEAD"
        ? new Uint8Array()
        : await readBody(reader, head, MAX_BODY_BYTES);
      responses.push({ ...head, body: new TextDecoder().decode(body) });
      if (head.headers.get("connection") === "close") break;
    } catch (error) {
      closed = (error as Error).message;
      break;
    }
  }
  close(conn);
  await failed;
  return { responses, closed };
}

/** Sends anything, then no more, and returns what the server sends until it closes. */
export async function sendRaw(
  connect: Connect,
  bytes: Uint8Array,
  pieces: number,
): Promise<string> {
  using conn = await connect();
  const writing = write(conn, bytes, pieces).then(() => conn.closeWrite()).catch(() => {});
  const decoder = new TextDecoder("latin1");
  const chunk = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const length = await conn.read(chunk).catch(() => null);
    if (length === null) break;
    if (text.length < MAX_BODY_BYTES) text += decoder.decode(chunk.subarray(0, length));
  }
  close(conn);
  await writing;
  return text;
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is.
  }
}

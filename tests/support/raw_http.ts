/** HTTP/1 as bytes on a connection, for requests that no HTTP client would send. */

export interface RawAnswer {
  /** 0 if the server closed the connection without an answer. */
  status: number;
  /** Status line and headers. */
  head: string;
  body: string;
}

/**
 * Sends `text` with CRLF line ends, one byte for each character, on a connection of
 * its own, and reads until the server closes it: ask for `Connection: close`.
 */
export async function rawRequest(
  target: { port: number; hostname?: string },
  text: string,
  connect: (target: { port: number; hostname: string }) => Promise<Deno.Conn> = Deno.connect,
): Promise<RawAnswer> {
  using connection = await connect({ hostname: "127.0.0.1", ...target });
  const bytes = Uint8Array.from(
    text.replaceAll("\n", "\r\n"),
    (character) => character.charCodeAt(0),
  );
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  let answer = "";
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(16_384);
  for (;;) {
    const length = await connection.read(chunk).catch(() => null);
    if (length === null) break;
    answer += decoder.decode(chunk.subarray(0, length), { stream: true });
  }
  const [head, ...body] = answer.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: body.join("\r\n\r\n"),
  };
}

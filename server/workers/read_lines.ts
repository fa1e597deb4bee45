/** A line that is longer is passed on in parts. */
const MAX_LINE_LENGTH = 64 * 1024;

/** Calls `onLine` with each line, including its line break, until the stream ends. */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(`${line}\n`);
    if (rest.length > MAX_LINE_LENGTH) {
      onLine(`${rest}\n`);
      rest = "";
    }
  }
  if (rest !== "") onLine(`${rest}\n`);
}

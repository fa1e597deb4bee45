/** UTF-16, as Windows PowerShell's `>` writes it: binary to git, text to people. */

/** Of a text that begins so; undefined if it is not UTF-16 with a byte order mark. */
export function wideEncoding([first, second]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/**
 * The same text, as UTF-8 if it is UTF-16. Without a byte order mark, as in the
 * middle of a diff, that cannot be told: then zero bytes are left out, which
 * makes tokens whole. Pieces may be overwritten once the next is asked for.
 */
export async function* asUtf8(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let decoder: TextDecoder | undefined;
  let begun = false;
  /** The first byte, where it came alone: it does not tell yet. */
  let first: Uint8Array | undefined;
  for await (let piece of pieces) {
    if (!begun) {
      if (first !== undefined) {
        const both = new Uint8Array(1 + piece.length);
        both.set(first);
        both.set(piece, 1);
        piece = both;
      }
      if (piece.length < 2) {
        first = piece.slice();
        continue;
      }
      const encoding = wideEncoding(piece);
      decoder = encoding && new TextDecoder(encoding);
      begun = true;
    }
    yield decoder === undefined
      ? withoutZeros(piece)
      : encoder.encode(decoder.decode(piece, { stream: true }));
  }
  if (!begun && first !== undefined) yield first;
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.includes(0) ? bytes.filter((byte) => byte !== 0) : bytes;
}

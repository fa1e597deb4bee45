/** Tokens in one text that arrives in pieces, with their lines. */
import type { Finding } from "./finding.ts";
import { LineCount } from "./line_count.ts";
import { TokenStream } from "./token_stream.ts";

/** The tokens of `pieces`, said to be found in `path`. */
export async function scanPieces(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  path: string,
): Promise<Finding[]> {
  const tokens = new TokenStream();
  const lines = new LineCount();
  const findings: Finding[] = [];
  for await (const piece of pieces) {
    const found = tokens.push(piece);
    const places = lines.push(piece, found.map(({ offset }) => offset));
    findings.push(
      ...found.map(({ kind, token }, index) => ({ kind, token, path, ...places[index] })),
    );
  }
  return findings;
}

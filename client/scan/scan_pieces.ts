/** Finds tokens in a text that arrives in pieces, with their lines. */
import type { Finding } from "./finding.ts";
import { LineCount, type Place } from "./line_index.ts";
import { locateTokens } from "./locate_tokens.ts";

/** `path` is the path of the findings. */
export async function scanPieces(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  path: string,
): Promise<Finding[]> {
  const { tokens } = await locateTokens<Place, LineCount>(pieces, () => new LineCount());
  return tokens.map(({ kind, token, place }) => ({ kind, token, path, ...place }));
}

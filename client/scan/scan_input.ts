/** Tokens in standard input: in any text, and in what the diffs in it add. */
import { DiffPlaces } from "./diff_places.ts";
import type { Finding } from "./finding.ts";
import { TokenStream } from "./token_stream.ts";
import { asUtf8 } from "./wide_text.ts";

export interface ScannedInput {
  findings: Finding[];
  /** Files that git calls binary and whose content it therefore did not write. */
  skipped: number;
}

/** The tokens of `pieces`. Those outside diffs are said to be found in `name`. */
export async function scanInput(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
): Promise<ScannedInput> {
  const tokens = new TokenStream();
  const places = new DiffPlaces();
  const findings: Finding[] = [];
  for await (const piece of asUtf8(pieces)) {
    const found = tokens.push(piece);
    places.push(piece, found.map(({ offset }) => offset)).forEach((place, index) => {
      const { kind, token } = found[index];
      if (place !== undefined) findings.push({ kind, token, ...place, path: place.path ?? name });
    });
  }
  return { findings, skipped: places.binaryFiles };
}

/** Tokens in standard input: in any text, and in what the diffs in it add. */
import { type DiffPlace, DiffPlaces } from "./diff_locations.ts";
import type { Finding } from "./finding.ts";
import { locateTokens } from "./locate_tokens.ts";

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
  const { tokens, counter } = await locateTokens<DiffPlace, DiffPlaces>(
    pieces,
    () => new DiffPlaces(),
  );
  return {
    findings: tokens.map(({ kind, token, place }) => ({
      kind,
      token,
      ...place,
      path: place.path ?? name,
    })),
    skipped: counter.binaryFiles,
  };
}

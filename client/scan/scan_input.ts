/** Tokens in standard input: in text, and in the added lines of diffs. */
import { type DiffPlace, DiffPlaces } from "./diff_locations.ts";
import type { Finding } from "./finding.ts";
import { locateTokens } from "./locate_tokens.ts";

export interface ScannedInput {
  findings: Finding[];
  /** Files that git treats as binary, and does not print. */
  skipped: number;
}

/** The tokens of `pieces`. `name` is the path of those outside diffs. */
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

/** Finds tokens in an input that arrives in pieces, in any encoding, with their places. */
import type { FoundToken } from "./find_tokens.ts";
import type { Place } from "./line_index.ts";
import { TokenStream } from "./token_stream.ts";
import { wideEncoding } from "./utf16.ts";
import { ZeroFilter } from "./zero_filter.ts";

/** Maps ascending offsets of a text to places. */
export interface PlaceCounter<P extends Place> {
  /** Whether offsets include zero bytes. */
  readonly countsZeros: boolean;
  /** Undefined for places that are not scanned. */
  push(piece: Uint8Array, offsets: readonly number[]): (P | undefined)[];
}

export interface Located<P extends Place, Counter extends PlaceCounter<P>> {
  tokens: (Pick<FoundToken, "kind" | "token"> & { place: P })[];
  /** The counter of these places, at the end of the input. */
  counter: Counter;
}

/**
 * The tokens of `pieces`. Everything that is scanned is decoded here.
 *
 * Every input is scanned as bytes, without zeros. An input that starts with a byte order mark is
 * also scanned as UTF-16, for its lines: half of a character may look like a newline (U+4E0A). The
 * bytes are scanned as well, because the mark may be a coincidence, and text in another encoding
 * may be appended.
 *
 * Pieces may be overwritten when the next one is requested.
 */
export async function locateTokens<P extends Place, Counter extends PlaceCounter<P>>(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  counter: () => Counter,
): Promise<Located<P, Counter>> {
  const bytes = new View<P, Counter>(counter());
  let text: View<P, Counter> | undefined;
  let decoder: TextDecoder | undefined;
  /** The start, while it is too short for a byte order mark. */
  let start: Uint8Array | undefined = new Uint8Array();
  for await (let piece of pieces) {
    if (start !== undefined) {
      piece = joined(start, piece);
      start = piece.length < 2 ? piece : undefined;
      if (start !== undefined) continue;
      const encoding = wideEncoding(piece);
      if (encoding !== undefined) {
        decoder = new TextDecoder(encoding);
        text = new View(counter());
      }
    }
    bytes.push(piece);
    text?.push(encoder.encode(decoder!.decode(piece, { stream: true })));
  }
  if (start !== undefined) bytes.push(start);
  if (text === undefined) return bytes;
  const { tokens, seen } = text;
  const others = bytes.tokens.filter(({ token }) => !seen.has(token));
  return { tokens: [...tokens, ...others], counter: text.counter };
}

const encoder = new TextEncoder();

/** The input in one encoding. */
class View<P extends Place, Counter extends PlaceCounter<P>> implements Located<P, Counter> {
  readonly tokens: Located<P, Counter>["tokens"] = [];
  /** Includes tokens in places that are not scanned. */
  readonly seen = new Set<string>();
  #filter = new ZeroFilter();
  #stream = new TokenStream();

  constructor(readonly counter: Counter) {}

  push(piece: Uint8Array): void {
    const rest = this.#filter.push(piece);
    const matches = this.#stream.push(rest);
    const placesInRest = matches.map(({ offset }) => offset);
    const offsets = this.#filter.offsetsOf(placesInRest.flatMap((place) => [place, place + 1]));
    const places = this.counter.countsZeros
      ? this.counter.push(piece, offsets.filter((_, index) => index % 2 === 0))
      : this.counter.push(rest, placesInRest);
    matches.forEach(({ kind, token }, index) => {
      this.seen.add(token);
      const place = places[index];
      if (place === undefined) return;
      const isWide = offsets[2 * index + 1] - offsets[2 * index] > 1;
      this.tokens.push({
        kind,
        token,
        place: isWide && this.counter.countsZeros
          ? { ...place, column: half(place.column) }
          : place,
      });
    });
  }
}

/** The column of a character, by the column of either of its two bytes. */
function half(column: number): number {
  return Math.ceil(column / 2);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

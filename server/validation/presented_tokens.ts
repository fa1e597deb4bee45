import { tokenHashHex } from "../tokens/token_hash.ts";

/** Texts in each of two generations, and the longest that are remembered, in characters. */
export const [MAX_TEXTS, MAX_LENGTH] = [1000, 2048];
const RENEWAL_MS = 30_000;

/**
 * Hashes of tokens that were presented in the last minute: APIs present the same ones again and
 * again, and a hash takes longer than the rest of a check. What is remembered says nothing about
 * validity, so nothing invalidates it (docs/decisions/0045-hashes-of-presented-tokens.md).
 *
 * As in `ClientCache`, a look-up compares only texts of the same hash under a random seed, so its
 * duration does not show how close a guess is.
 */
export class PresentedTokens implements Disposable {
  #newer = new Map<string, string>();
  #older = new Map<string, string>();
  #timer = setInterval(() => this.renew(), RENEWAL_MS);

  constructor(private readonly hash: (text: string) => string = tokenHashHex) {
    Deno.unrefTimer(this.#timer);
  }

  /** SHA-256 in hexadecimal. */
  hashOf(text: string): string {
    const known = this.#newer.get(text);
    if (known !== undefined) return known;
    const hash = this.#older.get(text) ?? this.hash(text);
    if (text.length > MAX_LENGTH) return hash;
    if (this.#newer.size >= MAX_TEXTS) this.renew();
    this.#newer.set(text, hash);
    return hash;
  }

  /** Forgets what was not presented since the last call. */
  renew(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

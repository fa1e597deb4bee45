/** What a token is known by: enough of it to tell it from others, too little to use it. */
import { tokenKinds } from "../../shared/tokens/kinds.ts";

/** In characters; of these, 8 are random. */
const BEGINNING_LENGTH = 12;

/** The beginning of a token, as lists of tokens show it. */
export function shownBeginning(token: string): string {
  return token.slice(0, BEGINNING_LENGTH);
}

/** The beginning of a text that may be a whole secret, or a good part of one; undefined for others. */
export function beginningOfSecret(text: string): string | undefined {
  const isLong = text.length > BEGINNING_LENGTH;
  return isLong && tokenKinds.some(({ prefix }) => text.startsWith(prefix))
    ? shownBeginning(text)
    : undefined;
}

/** The prefix of a token: enough to recognize it, too little to use it. */
import { tokenKinds } from "../../shared/tokens/kinds.ts";

/** In characters; 8 of them are random. */
const PREFIX_LENGTH = 12;

/** The prefix of a token, as lists show it. */
export function tokenPrefix(token: string): string {
  return token.slice(0, PREFIX_LENGTH);
}

/** The prefix of a text that may be a whole secret, or much of one; undefined for other texts. */
export function prefixOfSecret(text: string): string | undefined {
  const isLong = text.length > PREFIX_LENGTH;
  return isLong && tokenKinds.some(({ prefix }) => text.startsWith(prefix))
    ? tokenPrefix(text)
    : undefined;
}

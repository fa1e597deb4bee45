/** A token that lies where it does not belong. */
import type { TokenKind } from "../../shared/token_kinds.ts";
import type { Place } from "./line_count.ts";

export interface Finding extends Place {
  kind: TokenKind;
  /** The secret itself: never to be shown. */
  token: string;
  /** Of the file, as the user named it or below what the user named. */
  path: string;
}

/** The beginning of a token, as lists of tokens show it: enough to know it by, too little to use it. */
export function shownBeginning(token: string): string {
  return token.slice(0, 12);
}

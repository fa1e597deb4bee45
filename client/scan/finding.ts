/** A token that lies where it does not belong. */
import type { TokenKind } from "../../shared/tokens/kinds.ts";
import type { Place } from "./line_index.ts";

export interface Finding extends Place {
  kind: TokenKind;
  /** The secret itself: never to be shown. */
  token: string;
  /** Of the file, as the user named it or below what the user named. */
  path: string;
  /** The full id of the commit that put it there, where it is known. */
  commit?: string;
}

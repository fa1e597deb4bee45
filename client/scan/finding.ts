/** A leaked token and its location. */
import type { TokenKind } from "../../shared/tokens/kinds.ts";
import type { Place } from "./line_index.ts";

export interface Finding extends Place {
  kind: TokenKind;
  /** Secret: never print it. */
  token: string;
  /** As the user named it, or below what the user named. */
  path: string;
  /** The full id of the commit that added it, if known. */
  commit?: string;
}

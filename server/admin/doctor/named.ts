import { listText } from "../../../shared/list_text.ts";

/** Names in a sentence. */
export function named(names: readonly string[]): string {
  return listText(names, "none", ", ");
}

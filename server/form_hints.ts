/**
 * What a page needs to show an error next to the field that it is about. The error's own
 * message is for the command line and may name its flags.
 */
export interface FormHints {
  /** Parts of the request that are at fault, by their names there. */
  fields?: readonly string[];
  /** The error in the words of a page; undefined if the message will do. */
  onPage?: string;
}

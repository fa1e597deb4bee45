/** Summaries and descriptions of help are phrases; in running text they are sentences. */
export function sentence(phrase: string): string {
  const text = phrase === "" ? "" : phrase[0].toUpperCase() + phrase.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What a sentence looks like around a value that is empty. */
const GAPS = [
  /\w [.,;](?= [A-Z]|$)|\w :$/,
  /^(?:Error|Warning|Note):.* {2}|: \.(?= |$)|: : |[,;] ?\.(?= |$)/,
  /, ?,|; ?;/,
  /\b(?:(?<!it )is|(?<!they )are|be|the|a|an|lacks|wants|named|called|must be)[.,;](?= |$)|\b(?:or|and)[.;](?= |$)/,
  /\b(?:undefined|NaN|\[object Object\])\b/,
];

export function hasGap(line: string): boolean {
  return GAPS.some((gap) => gap.test(line));
}

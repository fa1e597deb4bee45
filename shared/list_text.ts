/**
 * Values in a sentence, such as `deploy read`; `none` in place of an empty list, so that no sentence
 * has an empty end. A value that is empty is shown as `""`.
 */
export function listText(values: readonly string[], none: string, separator = " "): string {
  return values.map(valueText).join(separator) || none;
}

export function valueText(value: string): string {
  return value.trim() === "" ? `"${value}"` : value;
}

/** Whether `search_grams` of the database, for indexes that find any part of a text, returns any. */
export function hasGrams(part: string): boolean {
  const length = [...part].length;
  return length > 2 || (length === 2 && /[^\0-\x7f]/.test(part));
}

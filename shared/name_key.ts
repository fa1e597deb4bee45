/**
 * The one form by which names of accounts and tokens are compared, everywhere: letter
 * case, width, composed and decomposed characters (UAX #15) and invisible
 * characters do not matter. In our code, since a database folds case by its locale: on a
 * Turkish one `I` is not `i`, on C only ASCII is folded.
 *
 * Letters that only look alike stay different (`ı` is not `i`, as in Unicode's
 * CaseFolding.txt): two users may have such addresses.
 */
export function nameKey(name: string): string {
  const folded = Array.from(
    name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, ""),
    // One by one, since a Σ at the end of a word has another small form than elsewhere.
    (character) => character.toLowerCase(),
  );
  return folded.join("").replaceAll("ς", "σ").normalize("NFKC");
}

/**
 * The items that `name` means: those of just this name, or, if there are none, those
 * whose names have the same key.
 */
export function findByName<T>(
  items: readonly T[],
  name: string,
  nameOf: (item: T) => string,
): T[] {
  const exact = items.filter((item) => nameOf(item).normalize("NFC") === name.normalize("NFC"));
  if (exact.length > 0) return exact;
  const key = nameKey(name);
  return items.filter((item) => nameKey(nameOf(item)) === key);
}

/** Typing errors up to which a name is suggested; for short names, a third of their letters. */
const MAX_ERRORS = 3;

/** The name that `text` is most likely a misspelling of, if any. */
export function nearestName<Name extends string>(
  text: string,
  names: readonly Name[],
): Name | undefined {
  const nearest = names.map((name) => ({ name, errors: errorsUpToMaximum(text, name) }))
    .sort((a, b) => a.errors - b.errors)[0];
  return nearest.errors <= Math.min(MAX_ERRORS, nearest.name.length / 3) ? nearest.name : undefined;
}

/** Infinity where already the lengths differ by more than the maximum. */
function errorsUpToMaximum(text: string, name: string): number {
  const isTooFar = Math.abs(text.length - name.length) > MAX_ERRORS;
  return isTooFar ? Infinity : typingErrors(text, name);
}

/** Letters added, omitted, replaced or swapped with the next (optimal string alignment). */
export function typingErrors(text: string, name: string): number {
  const rows = [[...Array(name.length + 1).keys()]];
  for (let i = 1; i <= text.length; i++) {
    const row = [i];
    for (let j = 1; j <= name.length; j++) {
      const replaced = rows[i - 1][j - 1] + (text[i - 1] === name[j - 1] ? 0 : 1);
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced);
      if (text[i - 1] === name[j - 2] && text[i - 2] === name[j - 1]) {
        row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
      }
    }
    rows.push(row);
  }
  return rows[text.length][name.length];
}

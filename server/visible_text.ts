/**
 * Text of others in one line of at most `max` characters, without those that hide,
 * break or turn round what stands beside them, and without heaps of marks that would
 * lie over other lines: three on a letter are enough for every language in use, once
 * the usual ones are joined to it (NFC) and those that take room of their own are not
 * counted.
 */
export function visibleText(text: string, max: number): string {
  const plain = text.slice(0, 4 * max)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim().normalize("NFC")
    .replace(/([\p{Mn}\p{Me}]{3})[\p{Mn}\p{Me}]+/gu, "$1");
  const characters = [...plain];
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : plain;
}

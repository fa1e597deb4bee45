/**
 * Text of others in one line of at most `max` characters, without those that hide,
 * break or turn round what stands beside them.
 */
export function visibleText(text: string, max: number): string {
  const plain = text.slice(0, 4 * max).replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  const characters = [...plain];
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : plain;
}

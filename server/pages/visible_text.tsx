/** Text of others (names, user agents) as it may be shown: short, in one line, in its own direction. */
export function Foreign({ text, max = 80 }: { text: string; max?: number }) {
  return <bdi>{visibleText(text, max)}</bdi>;
}

/** Without characters that hide, break or turn round what stands beside them. */
export function visibleText(text: string, max: number): string {
  const plain = text.slice(0, 4 * max).replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  const characters = [...plain];
  return characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : plain;
}

/** What a group of this server can have. */

/** Groups of directories that one group lists. */
export const MAX_GROUP_SOURCES = 50;
const MAX_DESCRIPTION_LENGTH = 250;

/** The problem with a description, as a sentence. */
export function groupDescriptionProblem(description: string): string | undefined {
  if (!/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(description) || description.trim() === "") {
    return "The description must be visible text on one line.";
  }
  return [...description].length <= MAX_DESCRIPTION_LENGTH
    ? undefined
    : `The description has at most ${MAX_DESCRIPTION_LENGTH} characters.`;
}

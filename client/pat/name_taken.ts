/** Advice where another active token has the requested name. */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { NameTakenError } from "./management_api.ts";

/** `owner` is a service account's name, for administrators. */
export async function withNameAdvice<T>(
  change: Promise<T>,
  name: string,
  { owner }: { owner?: string },
): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof NameTakenError)) throw error;
    const suggestion = shellWord(sanitizeLine(error.suggestion));
    const account = owner === undefined ? "" : ` --owner ${shellWord(owner)}`;
    const token = shellWord(sanitizeLine(name));
    const subject = owner === undefined ? "You have" : `${sanitizeLine(owner)} has`;
    throw new NameTakenError(
      `${subject} an active token named ${sanitizeLine(name)} already. Use another name: ` +
        `--name ${suggestion}. For a new secret of that token, run: ` +
        `${brand.binaryName} pat rotate ${token}${account}`,
      error.suggestion,
    );
  }
}

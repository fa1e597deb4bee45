/** What groups can be called. */
import { hasHiddenCharacters } from "../store/users.ts";

/** Roles, which are groups of every server. */
export const ROLE_GROUPS = ["admin", "user"] as const;

export function isRoleGroup(name: string): name is typeof ROLE_GROUPS[number] {
  return ROLE_GROUPS.some((role) => role === name);
}

/** A group of this server: names are part of URLs, commands and tokens. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The problem with the name of a group of this server, as a sentence. */
export function groupNameProblem(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : "is not a valid name of a group. Use up to 64 letters, digits and the characters _ . -, and " +
      "start with a letter or a digit.";
}

/** In characters. */
export const MAX_EXTERNAL_NAME_LENGTH = 200;

/** The name of a group of a directory as it is stored and compared; undefined if it is not valid. */
export function normalizeExternalName(name: string): string | undefined {
  if (name.length > 4 * MAX_EXTERNAL_NAME_LENGTH) return undefined;
  const normalized = name.normalize("NFC");
  const isValid = normalized.trim() !== "" && !hasHiddenCharacters(normalized) &&
    normalized.isWellFormed() && [...normalized].length <= MAX_EXTERNAL_NAME_LENGTH;
  return isValid ? normalized : undefined;
}

/** The name of a directory. */
const DIRECTORY = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** `okta:Deployers` as it is stored and compared; undefined if it is not of this form. */
export function normalizeGroupSource(text: string): string | undefined {
  const colon = text.indexOf(":");
  const name = normalizeExternalName(text.slice(colon + 1));
  return colon > 0 && DIRECTORY.test(text.slice(0, colon)) && name !== undefined
    ? `${text.slice(0, colon)}:${name}`
    : undefined;
}

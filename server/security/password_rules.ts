import { brand } from "../../shared/brand.ts";
import { isCommonPassword } from "./common_passwords.ts";

/** In characters. NIST SP 800-63B: length, not rules about kinds of characters. */
export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;

/** What a password may not mainly consist of (NIST SP 800-63B section 3.1.1.2). */
export interface PasswordContext {
  email?: string;
  name?: string;
}

/** What is wrong with a new password, as a message for its user. */
export function passwordProblem(
  password: string,
  context: PasswordContext = {},
): string | undefined {
  const length = [...password].length;
  if (length < MIN_PASSWORD_LENGTH) {
    return `The password is too short: at least ${MIN_PASSWORD_LENGTH} characters. ` +
      // prose-ok: words that a passphrase consists of
      "A few unrelated words make a good one.";
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return `The password is too long: at most ${MAX_PASSWORD_LENGTH} characters.`;
  }
  const known = knownPart(password, context);
  if (known !== undefined) {
    return `The password is little more than ${known}, which is easy to guess. Choose another one.`;
  }
  if (isCommonPassword(password)) {
    return "The password is in a list of leaked passwords, so attackers try it first. Choose another " +
      "one.";
  }
}

/** Characters that a password needs besides what an attacker knows. */
const MIN_UNKNOWN_LENGTH = 6;
/** A shorter part of a name is in many other words. */
const MIN_KNOWN_LENGTH = 3;

/** What the password mainly consists of, if that is known about its user or this server. */
function knownPart(password: string, { email = "", name = "" }: PasswordContext) {
  const parts: [string, string][] = [
    ...[email, ...email.split("@"), ...email.split(/[^\p{L}\p{N}]+/u)].map((
      part,
    ): [string, string] => [part, "your e-mail address"]),
    ...[name, ...name.split(/\s+/)].map((part): [string, string] => [part, "your name"]),
    ...[brand.productName, brand.binaryName].map((part): [string, string] => [
      part,
      "the name of this product",
    ]),
  ];
  const known = parts
    .map(([part, source]): [string, string] => [lettersOf(part), source])
    .filter(([part]) => part.length >= MIN_KNOWN_LENGTH)
    .sort(([a], [b]) => b.length - a.length);
  let rest = lettersOf(password);
  let first: string | undefined;
  for (const [part, source] of known) {
    if (!rest.includes(part)) continue;
    rest = rest.replaceAll(part, "");
    first ??= source;
  }
  return first !== undefined && [...rest].length < MIN_UNKNOWN_LENGTH ? first : undefined;
}

/** Letters and digits, whatever their case. */
function lettersOf(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

import { DomainError, type DomainErrorCode } from "../domain_error.ts";

/** Why a passkey was not registered or accepted, as tests and the audit log name it. */
const REJECTIONS = {
  invalid: [
    "invalid",
    "The passkey could not be verified. Try again, or use another way to sign in.",
  ],
  challenge: [
    "invalid",
    "This request to use a passkey was for another page or browser. Try again.",
  ],
  expired: ["invalid", "The passkey was chosen too late. Choose it again."],
  replayed: ["conflict", "This passkey response was already used. Try again."],
  unknown: [
    "invalid",
    "This server does not know this passkey. It may have been removed from your account. Use " +
    "another way to sign in, and delete the passkey from your device or password manager.",
  ],
  other_user: [
    "forbidden",
    "This passkey belongs to another account. Use one of the account that you are signing in to.",
  ],
  blocked: [
    "forbidden",
    "This passkey is blocked, because there may be a copy of it. Use another way to sign in, then " +
    "remove the passkey and add it again.",
  ],
  disabled: ["forbidden", "This account cannot sign in. Contact your administrator."],
  unavailable: [
    "forbidden",
    "Passkeys need a server with a domain name and https. Ask your administrator about it.",
  ],
} as const satisfies Record<string, readonly [DomainErrorCode, string]>;

export type PasskeyRejection = keyof typeof REJECTIONS;

export function rejectPasskey(reason: PasskeyRejection): DomainError {
  const [code, message] = REJECTIONS[reason];
  return new DomainError(code, message, { reason });
}

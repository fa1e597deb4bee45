/** Why a sign-in at a provider failed. Pages have a text for each code. */
export type UpstreamFailureCode =
  // What the browser brought back.
  | "denied" // the user, or the provider, refused
  | "provider_error" // the provider reports another error
  | "unknown_state"
  | "other_browser"
  | "used_state"
  | "expired_state"
  // What the provider sent.
  | "wrong_issuer"
  | "wrong_nonce"
  | "invalid_response"
  | "client_rejected" // the client id or secret is wrong
  | "secret_unreadable" // the client secret cannot be decrypted
  | "unreachable"
  | "timeout"
  | "too_large"
  | "not_allowed" // the address is private, or not https
  // What was decided about the account.
  | "domain_not_allowed"
  | "no_verified_address"
  | "address_taken"
  | "subject_changed"
  | "not_linked"
  | "waiting_for_approval"
  | "approval_denied"
  | "queue_full"
  | "user_disabled"
  | "linked_to_other_user"
  | "other_user"
  | "not_fresh"
  | "no_auth_time"
  | "provider_disabled"
  | "too_many";

/** Returned, never thrown. */
export class UpstreamFailure {
  constructor(
    readonly code: UpstreamFailureCode,
    /** For operators: what was wrong, as a sentence. May quote the provider. */
    readonly reason: string,
  ) {}
}

/** Failures of the provider or its settings, which a user cannot do anything about. */
export function isProviderFault({ code }: UpstreamFailure): boolean {
  return [
    "provider_error",
    "wrong_issuer",
    "wrong_nonce",
    "invalid_response",
    "client_rejected",
    "secret_unreadable",
    "unreachable",
    "timeout",
    "too_large",
    "not_allowed",
  ].includes(code);
}

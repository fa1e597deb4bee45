/** How a command fails: a code for programs and tests, and a message with the next step for users. */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";

/** The exit code of each error. */
export const ERROR_EXIT_CODES = {
  // The command line or the environment is wrong.
  ambiguous_login: EXIT.usage,
  invalid_challenge: EXIT.usage,
  invalid_environment_token: EXIT.usage,
  invalid_input: EXIT.usage,
  invalid_option: EXIT.usage,
  invalid_server: EXIT.usage,
  scope_required: EXIT.usage,
  server_required: EXIT.usage,

  // The user, or the operator of the server, has to authenticate or permit something first.
  approval_required: EXIT.authenticationRequired,
  identity_rejected: EXIT.authenticationRequired,
  identity_unavailable: EXIT.authenticationRequired,
  not_logged_in: EXIT.authenticationRequired,
  login_expired: EXIT.authenticationRequired,
  token_expired: EXIT.authenticationRequired,
  token_rejected: EXIT.authenticationRequired,

  // The same command may succeed later.
  locked: EXIT.temporaryFailure,
  network_error: EXIT.temporaryFailure,
  server_unavailable: EXIT.temporaryFailure,
  timed_out: EXIT.temporaryFailure,

  // The keychain, the files of credentials or the list of logins; see CredentialStoreError.
  credential_store: EXIT.credentialStore,

  // Something else has to change first.
  approval_denied: EXIT.failure,
  checksum_mismatch: EXIT.failure,
  code_expired: EXIT.failure,
  config_file: EXIT.failure,
  connection_failed: EXIT.failure,
  foreign_setting: EXIT.failure,
  device_flow_disabled: EXIT.failure,
  git_failed: EXIT.failure,
  host_not_listed: EXIT.failure,
  identity_invalid: EXIT.failure,
  insecure_transport: EXIT.failure,
  invalid_release: EXIT.failure,
  invalid_response: EXIT.failure,
  kubectl_version: EXIT.failure,
  lifetime_too_long: EXIT.failure,
  managed_installation: EXIT.failure,
  name_taken: EXIT.failure,
  no_pending_approval: EXIT.failure,
  no_previous_program: EXIT.failure,
  program_not_replaceable: EXIT.failure,
  provenance_invalid: EXIT.failure,
  provenance_missing: EXIT.failure,
  release_not_found: EXIT.failure,
  request_rejected: EXIT.failure,
  scope_missing: EXIT.failure,
  scope_not_held: EXIT.failure,
  secret_not_printed: EXIT.failure,
  several_tokens: EXIT.failure,
  token_not_found: EXIT.failure,
  too_many_tokens: EXIT.failure,
  unexpected: EXIT.failure,
  unknown_resource: EXIT.failure,
  unknown_scope: EXIT.failure,
  unsupported: EXIT.failure,
  wrong_account: EXIT.failure,
  wrong_server: EXIT.failure,
} as const;

export type ErrorCode = keyof typeof ERROR_EXIT_CODES;

/** `message` is printed as it is: it contains no secret and no unsanitized text from a server. */
export class ClientError extends Error {
  override readonly name = "ClientError";

  constructor(readonly code: ErrorCode, message: string) {
    super(message);
  }

  get exitCode(): (typeof ERROR_EXIT_CODES)[ErrorCode] {
    return ERROR_EXIT_CODES[this.code];
  }

  /** Whether the same command may succeed later. */
  get isTemporary(): boolean {
    return this.exitCode === EXIT.temporaryFailure;
  }

  /** Whether the user has to log in, or authenticate in another way. */
  get needsAuthentication(): boolean {
    return this.exitCode === EXIT.authenticationRequired;
  }
}

/** `server` if the user named one. */
export function notLoggedIn(server?: string): ClientError {
  return new ClientError(
    "not_logged_in",
    server === undefined
      ? `Not logged in. Run: ${brand.binaryName} login`
      : `Not logged in to ${server}. Run: ${brand.binaryName} login --server ${server}`,
  );
}

/** The server does not renew this login again. */
export function loginExpired(): ClientError {
  return new ClientError("login_expired", `Your login has expired. Run: ${brand.binaryName} login`);
}

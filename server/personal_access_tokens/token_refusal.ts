/** Why a token is not made, changed or shown. `message` says what to do. */
export class TokenRefusal extends Error {
  override readonly name = "TokenRefusal";
  constructor(
    readonly code: "invalid" | "forbidden" | "insufficient_scope" | "not_found" | "conflict",
    message: string,
    /** With `insufficient_scope`: what the approval must cover. */
    readonly scopes: readonly string[] = [],
  ) {
    super(message);
  }
}

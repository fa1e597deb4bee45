/** Why a token is not made, changed or shown. `message` says what to do. */
export class TokenRefusal extends Error {
  override readonly name = "TokenRefusal";
  constructor(
    readonly code: "invalid" | "forbidden" | "not_found" | "conflict",
    message: string,
  ) {
    super(message);
  }
}

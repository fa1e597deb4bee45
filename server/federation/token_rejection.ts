/** Why an identity token is rejected; for operators, and without secrets of the token. */
export interface TokenRejection {
  code:
    | "malformed"
    | "algorithm"
    | "unknown_key"
    | "signature"
    | "issuer"
    | "audience"
    | "subject"
    | "times"
    | "expired"
    | "not_yet_valid"
    | "issued_in_future"
    | "jti"
    /** The issuer's keys are not available. Trying again may help. */
    | "issuer_unavailable"
    /** The issuer's keys are not available until the issuer or the settings change. */
    | "issuer_forbidden";
  /** One or two sentences. */
  message: string;
}

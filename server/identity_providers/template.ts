/** What is known about a kind of provider before an operator adds one. */
export interface ProviderTemplate {
  /** For the command line and the database. */
  name: string;
  /** On the button of the sign-in page: "Continue with Google". */
  title: string;
  protocol: "openid" | "github";
  /** Undefined: the operator has to name it. */
  issuer?: string;
  /** An issuer as operators write it. */
  issuerExample: string;
  /** What is wrong with an issuer for this provider, as sentences. */
  issuerProblem?(issuer: string): string | undefined;
  /** Whether anyone can get an account there. */
  isPublic(issuer: string): boolean;
  scopes: readonly string[];
  /** Requested as well for the groups of users. */
  groupScopes?: readonly string[];
  /** The claim with the groups of users, if it has a usual name. */
  groupsClaim?: string;
  /**
   * What a group that it sends is called here, if its users can create groups of any name: not like
   * one of this server. Undefined: the same.
   */
  groupName?(sent: string): string;
  /** What a refresh token that outlives the user's session takes. */
  refresh: { scopes?: readonly string[]; parameters?: Record<string, string> };
  /** What asks the provider to authenticate the user again, and to say when it did. */
  fresh: Record<string, string>;
  /**
   * Whether it authenticates users again on request, and says so. Otherwise a sign-in counts as
   * fresh when the user has chosen the account there, unless it says when it authenticated the user.
   */
  confirmsFreshness: boolean;
  /** Whether it takes `max_age` and `auth_time` follows (OpenID Connect Core 1.0 section 3.1.2.1). */
  takesMaxAge: boolean;
  /** The `acr_values` that request a second factor, or one that cannot be phished. */
  acrValues?: Partial<Record<"2fa" | "phr", string>>;
  /** Whether it vouches for the address in these claims. */
  vouchesForAddress(claims: Record<string, unknown>): boolean;
  /** Where operators register this server, for error messages. */
  console: string;
}

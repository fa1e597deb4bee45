/** Introspection response (RFC 7662 section 2.2). An inactive token has only `active`. */
export type IntrospectionResponse =
  | { active: false }
  | {
    active: true;
    token_type: "Bearer" | "refresh_token";
    scope: string;
    client_id: string;
    username: string;
    sub: string;
    iss: string;
    iat: number;
    /** Absent: never. */
    exp?: number;
    aud?: string;
    jti?: string;
    /** When and how the user signed in (RFC 9470 section 6.2); absent without a user. */
    auth_time?: number;
    acr?: string;
    amr?: readonly string[];
    /**
     * Who acts as the subject (RFC 8693 section 4.1): with `iss`, the job or workload whose identity
     * was exchanged for the token; without, what the client calls the program that it gave it to.
     */
    act?: ActorClaim;
    /** All groups of the user, if the resource asks for groups. */
    groups?: readonly string[];
    /** Identifies its run, in its provider's terms. */
    workload?: Record<string, string>;
  };

export interface ActorClaim {
  iss?: string;
  sub: string;
  /** Who acted before. */
  act?: ActorClaim;
}

/** Introspection response (RFC 7662 section 2.2). Nothing but `active` is told of an inactive token. */
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
    /** Absent: it has no end. */
    exp?: number;
    aud?: string;
    jti?: string;
    /** Which job or workload the token was traded for (RFC 8693 section 4.1). */
    act?: { iss: string; sub: string };
    /** What tells its run apart, in its provider's terms. */
    workload?: Record<string, string>;
  };

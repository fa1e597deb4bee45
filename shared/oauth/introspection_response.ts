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
    /** The job or workload whose identity was exchanged for the token (RFC 8693 section 4.1). */
    act?: { iss: string; sub: string };
    /** Identifies its run, in its provider's terms. */
    workload?: Record<string, string>;
  };

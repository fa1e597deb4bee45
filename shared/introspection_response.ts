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
  };

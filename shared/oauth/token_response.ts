/** Successful token response (RFC 6749 section 5.1, OpenID Connect Core 1.0 section 3.1.3.3). */
export interface TokenResponse {
  access_token: string;
  token_type: "Bearer";
  /** Seconds until the access token expires. */
  expires_in: number;
  refresh_token?: string;
  /** Seconds until an unused login expires. Our extension (RFC 6749 section 5.1). */
  refresh_token_expires_in?: number;
  /** The name of the login, which its user may change on a page. Our extension. */
  login_name?: string;
  scope: string;
  id_token?: string;
  /** Of a token exchange (RFC 8693 section 2.2.1). */
  issued_token_type?: string;
}

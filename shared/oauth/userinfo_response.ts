/** UserInfo response (OpenID Connect Core 1.0 section 5.3.2), limited to the claims we have. */
export interface UserinfoResponse {
  sub: string;
  name?: string;
  email?: string;
  email_verified?: boolean;
}

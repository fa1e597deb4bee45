/** Grant type identifiers, as they travel in `grant_type`. */
export const AUTHORIZATION_CODE_GRANT = "authorization_code"; // RFC 6749 section 4.1.3
export const DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"; // RFC 8628 section 3.4
export const REFRESH_TOKEN_GRANT = "refresh_token"; // RFC 6749 section 6
export const TOKEN_EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"; // RFC 8693 section 2.1
export const JWT_BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"; // RFC 7523 section 2.1

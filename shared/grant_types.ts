/** Grant type identifiers, as they travel in `grant_type`. */
export const DEVICE_CODE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"; // RFC 8628 section 3.4
export const REFRESH_TOKEN_GRANT = "refresh_token"; // RFC 6749 section 6

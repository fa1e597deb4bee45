/** Device authorization response (RFC 8628 section 3.2). */
export interface DeviceAuthorizationResponse {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  /** Seconds until both codes expire. */
  expires_in: number;
  /** Least seconds between two polls. */
  interval: number;
}

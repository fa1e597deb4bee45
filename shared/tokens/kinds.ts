/** Every kind of secret in the form of format.ts, for scanners. */
import { brand } from "../brand.ts";

export interface TokenKind {
  code:
    | "personal_access_token"
    | "refresh_token"
    | "device_code"
    | "client_secret"
    | "directory_token";
  /** For messages. */
  name: string;
  prefix: string;
  /** In bytes. */
  payloadLength: number;
}

export const tokenKinds: readonly TokenKind[] = [
  {
    code: "personal_access_token",
    name: "personal access token",
    prefix: brand.tokenPrefixes.personalAccessToken,
    payloadLength: 32,
  },
  {
    code: "refresh_token",
    name: "refresh token",
    prefix: brand.tokenPrefixes.refreshToken,
    payloadLength: 48,
  },
  {
    code: "device_code",
    name: "device code",
    prefix: brand.tokenPrefixes.deviceCode,
    payloadLength: 32,
  },
  {
    code: "client_secret",
    name: "client secret",
    prefix: brand.tokenPrefixes.clientSecret,
    payloadLength: 32,
  },
  {
    code: "directory_token",
    name: "directory token",
    prefix: brand.tokenPrefixes.directoryToken,
    payloadLength: 32,
  },
];

/** Every kind of secret in the form of token_format.ts, for whoever looks for them. */
import { brand } from "../brand.ts";

export interface TokenKind {
  /** As people name it. */
  name: string;
  prefix: string;
  /** Random bytes in it. */
  payloadLength: number;
}

export const tokenKinds: readonly TokenKind[] = [
  {
    name: "personal access token",
    prefix: brand.tokenPrefixes.personalAccessToken,
    payloadLength: 32,
  },
  { name: "refresh token", prefix: brand.tokenPrefixes.refreshToken, payloadLength: 48 },
  { name: "device code", prefix: brand.tokenPrefixes.deviceCode, payloadLength: 32 },
  { name: "client secret", prefix: brand.tokenPrefixes.clientSecret, payloadLength: 32 },
];

import { Buffer } from "node:buffer";
import type { SigningKey } from "./signing_keys.ts";

/** Signs a JWT (RFC 7519) in the compact serialization of JWS (RFC 7515 section 7.1). */
export async function signJwt(
  { kid, algorithm: alg, sign }: SigningKey,
  typ: string,
  claims: object,
): Promise<string> {
  const input = [{ alg, typ, kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = await sign(new TextEncoder().encode(input));
  return `${input}.${Buffer.from(signature).toString("base64url")}`;
}

/** Time-based one-time passwords (RFC 6238), as authenticator apps generate them. */
import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";

/** In seconds; the default of RFC 6238 section 4.1, and the only one that all apps support. */
const PERIOD = 30;
/** RFC 4226 section 4: at least 128 bits, 160 recommended. */
const SECRET_BYTES = 20;
/** Steps before and after the current one: clocks differ, and typing takes time (section 5.2). */
const WINDOW = 1;

export function generateTotpSecret(): Uint8Array {
  return new Uint8Array(randomBytes(SECRET_BYTES));
}

/** The time step of this code, if it is valid now. The caller accepts each step once. */
export async function matchTotpStep(
  secret: Uint8Array,
  code: string,
  now: number,
): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined;
  const totp = await authenticator(secret);
  const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
  return delta === null ? undefined : Math.floor(now / (PERIOD * 1000)) + delta;
}

/** What an app is set up with: the address in the QR code, and the key to type in its place. */
export async function totpSetup(
  secret: Uint8Array,
  { email, issuer }: { email: string; issuer: string },
): Promise<{ uri: string; key: string }> {
  const { host } = new URL(issuer);
  const totp = await authenticator(secret, {
    issuer: `${brand.productName} ${host}`,
    label: email,
  });
  return { uri: totp.toString(), key: totp.secret.base32.replace(/(.{4})(?=.)/g, "$1 ") };
}

async function authenticator(
  secret: Uint8Array,
  names: { issuer?: string; label?: string } = {},
) {
  const { Secret, TOTP } = await import("otpauth");
  const key = new Secret({ buffer: new Uint8Array(secret).buffer });
  return new TOTP({ ...names, secret: key, algorithm: "SHA1", digits: 6, period: PERIOD });
}

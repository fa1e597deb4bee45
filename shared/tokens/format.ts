/**
 * The form of every opaque secret we hand out: a prefix that names its kind,
 * base62 randomness that a double-click selects whole, and six base62
 * characters of CRC-32, so that a scanner recognizes a real one
 * without asking a server. The checksum guards against accidents, not forgery.
 */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM_LENGTH = 6;

/** The number of base62 digits that every value of this many bytes fits into. */
function digitsFor(bytes: number): number {
  return Math.ceil((bytes * 8) / Math.log2(62));
}

function base62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = "";
  for (let i = 0; i < length; i++) {
    text = ALPHABET[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text;
}

/** The remainder of each byte value. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 as in ISO 3309, gzip and PNG. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ text.charCodeAt(i)) & 255];
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Whether bytes end with the checksum of those before them. Faster than hasTokenForm, for scanning. */
export function hasChecksum(bytes: Uint8Array): boolean {
  const end = bytes.length - CHECKSUM_LENGTH;
  let crc = 0xffffffff;
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 255];
  crc = (crc ^ 0xffffffff) >>> 0;
  for (let i = bytes.length - 1; i >= end; i--) {
    if (bytes[i] !== ALPHABET.charCodeAt(crc % 62)) return false;
    crc = Math.floor(crc / 62);
  }
  return true;
}

function checksum(text: string): string {
  let crc = crc32(text);
  let digits = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET[crc % 62] + digits;
    crc = Math.floor(crc / 62);
  }
  return digits;
}

/** The checksum covers the prefix as well. */
export function formatToken(prefix: string, payload: Uint8Array): string {
  const body = prefix + base62(payload, digitsFor(payload.length));
  return body + checksum(body);
}

/**
 * Whether a text has a token's prefix, length, alphabet and checksum: all that can be
 * checked without asking the server. `payloadLength` is in bytes.
 */
export function hasTokenForm(prefix: string, text: string, payloadLength: number): boolean {
  if (text.length !== prefix.length + digitsFor(payloadLength) + CHECKSUM_LENGTH) return false;
  if (!text.startsWith(prefix) || /[^0-9A-Za-z]/.test(text.slice(prefix.length))) return false;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The payload of a well-formed token, or undefined. `payloadLength` is in bytes. */
export function parseToken(
  prefix: string,
  token: string,
  payloadLength: number,
): Uint8Array | undefined {
  const digits = digitsFor(payloadLength);
  if (token.length !== prefix.length + digits + CHECKSUM_LENGTH) return undefined;
  if (!token.startsWith(prefix)) return undefined;
  const body = token.slice(0, -CHECKSUM_LENGTH);
  let value = 0n;
  for (const character of body.slice(prefix.length)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    value = value * 62n + BigInt(digit);
  }
  if (checksum(body) !== token.slice(-CHECKSUM_LENGTH)) return undefined;
  const payload = new Uint8Array(payloadLength);
  for (let i = payloadLength - 1; i >= 0; i--) {
    payload[i] = Number(value & 255n);
    value >>= 8n;
  }
  return value === 0n ? payload : undefined;
}

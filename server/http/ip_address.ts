/**
 * The only parser of IP addresses: what it accepts when a value is set, the rest of the server can
 * compare when the value is used.
 */
import { BlockList, isIP } from "node:net";

export interface Network {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

/**
 * The canonical form of an address, or undefined: IPv6 as in RFC 5952, IPv4 mapped into IPv6 as
 * IPv4. An address with a zone (`fe80::1%eth0`, RFC 4007) is not valid: a zone has a meaning only
 * on one machine.
 */
export function parseIpAddress(text: string): string | undefined {
  const version = text.includes("%") ? 0 : isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return text;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined) return address;
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return bytes.join(".");
}

/**
 * The address of a peer, of X-Forwarded-For or of an introspection request, which may have a port,
 * brackets or a zone; these are dropped. Undefined if it is not an address.
 */
export function parsePeerAddress(text: string): string | undefined {
  // The most frequent form.
  if (/^[\d.]+$/.test(text)) return parseIpAddress(text);
  const [, bracketed, withPort] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return parseIpAddress((bracketed ?? withPort ?? text).replace(/%[^%]+$/, ""));
}

/** The same for the peer of a connection, as the runtime reports it: only IPv6 has several forms. */
export function canonicalPeer(hostname: string): string {
  return hostname.includes(":") ? parsePeerAddress(hostname) ?? hostname : hostname;
}

/** An address or a CIDR network, or undefined. */
export function parseNetwork(text: string): Network | undefined {
  const [host, prefix, rest] = text.split("/");
  const address = parseIpAddress(host);
  if (address === undefined || rest !== undefined) return undefined;
  const isV4 = isIP(address) === 4;
  // The prefix of a mapped address counts IPv6 bits.
  const mapped = isV4 && host.includes(":") ? 96 : 0;
  const longest = isV4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? longest : Number(prefix) - mapped;
  if (bits < 0 || bits > longest) return undefined;
  return { address, prefix: bits, family: isV4 ? "ipv4" : "ipv6" };
}

/**
 * Whether `next` allows addresses that `current` does not; an empty list allows any. Each network of
 * `next` must be a part of one of `current`: two adjacent ones count as less than their union.
 */
export function widensNetworks(current: readonly string[], next: readonly string[]): boolean {
  if (current.length === 0) return false;
  return next.length === 0 || !next.every((text) => current.some((outer) => contains(outer, text)));
}

function contains(outerText: string, innerText: string): boolean {
  const [outer, inner] = [parseNetwork(outerText), parseNetwork(innerText)];
  if (outer === undefined || inner === undefined || outer.family !== inner.family) return false;
  return outer.prefix <= inner.prefix && new NetworkList([outerText]).includes(inner.address);
}

/**
 * Networks to match addresses with. Invalid ones match nothing. IPv4 addresses are compared as
 * numbers: behind a proxy each request needs that, and a BlockList takes longer than all else.
 */
export class NetworkList {
  #ipv4: { network: number; mask: number }[] = [];
  #ipv6 = new BlockList();

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const parsed = parseNetwork(text);
      if (parsed === undefined) continue;
      const { address, prefix, family } = parsed;
      if (family === "ipv6") this.#ipv6.addSubnet(address, prefix, family);
      else {
        // A shift by 32 bits would be one by none.
        const mask = prefix === 0 ? 0 : ~0 << (32 - prefix);
        this.#ipv4.push({ network: ipv4Bits(address) & mask, mask });
      }
    }
  }

  /** Takes an address as `parseIpAddress` or `parsePeerAddress` returns it. */
  includes(address: string | undefined): boolean {
    const version = isIP(address ?? "");
    if (version === 4) {
      const bits = ipv4Bits(address!);
      return this.#ipv4.some(({ network, mask }) => (bits & mask) === network);
    }
    // A zone would make BlockList throw.
    return version === 6 && !address!.includes("%") && this.#ipv6.check(address!, "ipv6");
  }
}

const DIGIT_ZERO = "0".charCodeAt(0);

/** An IPv4 address as an integer of 32 bits. */
function ipv4Bits(address: string): number {
  let bits = 0;
  let byte = 0;
  for (let at = 0; at < address.length; at++) {
    const digit = address.charCodeAt(at) - DIGIT_ZERO;
    if (digit >= 0) {
      byte = 10 * byte + digit;
      continue;
    }
    // After a dot.
    bits = bits << 8 | byte;
    byte = 0;
  }
  return bits << 8 | byte;
}

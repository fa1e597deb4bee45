/**
 * The only reader of IP addresses: what it accepts is what the rest of the server can compare,
 * so that nothing is taken when a value is set and refused when it is used.
 */
import { BlockList, isIP } from "node:net";

export interface Network {
  address: string;
  prefix: number;
  family: "ipv4" | "ipv6";
}

/**
 * An address as the whole server writes it, or undefined: IPv6 in the form of RFC 5952, and an
 * IPv4 address that comes mapped into IPv6 as IPv4. An address with a zone (`fe80::1%eth0`,
 * RFC 4007) is not valid: a zone has a meaning on one machine only.
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
 * The address of one end of a connection, as peers, X-Forwarded-For and clients of introspection
 * write it: with a port or brackets or a zone, all of which are dropped. Undefined if it is none.
 */
export function parsePeerAddress(text: string): string | undefined {
  // What nearly every request has.
  if (/^[\d.]+$/.test(text)) return parseIpAddress(text);
  const [, bracketed, withPort] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return parseIpAddress((bracketed ?? withPort ?? text).replace(/%[^%]+$/, ""));
}

/** An address or a CIDR network, or undefined. */
export function parseNetwork(text: string): Network | undefined {
  const [written, prefix, more] = text.split("/");
  const address = parseIpAddress(written);
  if (address === undefined || more !== undefined) return undefined;
  const isV4 = isIP(address) === 4;
  // The network of a mapped address is written with the prefix of IPv6.
  const mapped = isV4 && written.includes(":") ? 96 : 0;
  const longest = isV4 ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? longest : Number(prefix) - mapped;
  if (bits < 0 || bits > longest) return undefined;
  return { address, prefix: bits, family: isV4 ? "ipv4" : "ipv6" };
}

/** Networks to compare addresses with. Texts that are not valid networks match no address. */
export class NetworkList {
  #list = new BlockList();

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const network = parseNetwork(text);
      if (network) this.#list.addSubnet(network.address, network.prefix, network.family);
    }
  }

  /** Whether `address`, as `parseIpAddress` or `parsePeerAddress` gives it, is within one of them. */
  includes(address: string | undefined): boolean {
    const version = isIP(address ?? "");
    // A zone would make BlockList throw.
    if (version === 0 || address!.includes("%")) return false;
    return this.#list.check(address!, version === 4 ? "ipv4" : "ipv6");
  }
}

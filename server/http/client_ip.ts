import { isIP } from "node:net";
import { canonicalPeer, NetworkList, parsePeerAddress } from "./ip_address.ts";
import type { UntrustedForwarders } from "./untrusted_forwarders.ts";

/** Returns the client address of a request. */
export type ClientAddress = (peer: string, headers: Headers) => string;

/**
 * Reads X-Forwarded-For only if the peer is a trusted proxy, and from the right: everything to the
 * left of the first untrusted address may be forged by it.
 */
export function clientAddressReader(
  trustedProxies: readonly string[],
  untrusted?: Pick<UntrustedForwarders, "observe">,
): ClientAddress {
  if (trustedProxies.length === 0) {
    return (peer, headers) => {
      const address = canonicalPeer(peer);
      untrusted?.observe(address, headers);
      return address;
    };
  }
  const trusted = new NetworkList(trustedProxies);
  const forwardedAddress = forwardedAddressReader(trusted);
  /** The last one that was found trusted: nearly all requests come from the same. */
  let proxy: string | undefined;
  return (peer, headers) => {
    const address = canonicalPeer(peer);
    if (address !== proxy) {
      if (!trusted.includes(address)) {
        untrusted?.observe(address, headers);
        return address;
      }
      proxy = address;
    }
    const forwarded = headers.get("x-forwarded-for");
    return forwarded === null ? address : forwardedAddress(forwarded) ?? address;
  };
}

/** Values of X-Forwarded-For that are remembered, and the longest, in characters. */
const [MAX_REMEMBERED, MAX_LENGTH] = [2000, 100];

/** The client's address in a value of X-Forwarded-For that a trusted proxy sent, if it has one. */
function forwardedAddressReader(
  trusted: NetworkList,
): (forwarded: string) => string | undefined {
  const read = (forwarded: string) => {
    let address: string | undefined;
    const hops = forwarded.split(",");
    do {
      const hop = parsePeerAddress(hops.pop()!.trim());
      if (hop === undefined) break;
      address = hop;
    } while (hops.length > 0 && trusted.includes(address));
    return address;
  };
  // Parsing takes longer than looking up, and a client sends many requests.
  const remembered = new Map<string, string>();
  return (forwarded) => {
    const known = remembered.get(forwarded);
    if (known !== undefined) return known;
    const address = read(forwarded);
    if (address === undefined || forwarded.length > MAX_LENGTH) return address;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(forwarded, address);
    return address;
  };
}

/** What rate limits count by: an IPv4 address, or an IPv6 /64, the least that a subscriber has. */
export function rateLimitKey(address: string): string {
  return isIP(address) === 6 ? `${prefixGroups(address).join(":")}::/64` : address;
}

/**
 * The most that one subscriber usually has: an IPv4 address, or an IPv6 /56 (RFC 6177 section 2),
 * which is 256 networks of /64.
 */
export function subscriberNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = prefixGroups(address);
  groups[3] = (Number.parseInt(groups[3], 16) & 0xff00).toString(16);
  return `${groups.join(":")}::/56`;
}

/** What shares a fair part of a budget or queue: an IPv4 /24, or an IPv6 /56. */
export function sharedNetwork(address: string): string {
  if (isIP(address) === 4) return address.replace(/\.\d+$/, ".0/24");
  return subscriberNetwork(address);
}

/** The first four groups of an IPv6 address, without leading zeros. */
function prefixGroups(address: string): string[] {
  const [head, tail = ""] = address.split("%")[0].split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const gap = address.includes("::")
    ? Array(Math.max(0, 8 - left.length - right.length)).fill("0")
    : [];
  return [...left, ...gap, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
}

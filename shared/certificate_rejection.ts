/** Why the runtime rejects a server's certificate, from the message of its TLS library. */
import { sanitizeLine } from "./sanitize.ts";

export type CertificateRejection =
  /** `date`: `2026-11-24`, in UTC as certificates have it. */
  | { kind: "expired" | "not_yet_valid"; date?: string }
  | { kind: "wrong_name"; validFor: string[] }
  | { kind: "unknown_issuer" }
  /** The default of `openssl req -x509` (RFC 5280 section 4.2.1.9). */
  | { kind: "authority" }
  | { kind: "other"; reason: string };

/** Undefined if `message` is about something else. */
export function certificateRejection(message: string): CertificateRejection | undefined {
  const [, reason] = /^invalid peer certificate: ([^]*)/.exec(message) ?? [];
  if (reason === undefined) return undefined;
  // Older versions of rustls name the variant only: Expired, NotValidYet, NotValidForName.
  if (/^(certificate expired|Expired)/.test(reason)) {
    return { kind: "expired", date: day(/not valid after (\d+)/.exec(reason)?.[1]) };
  }
  if (/^(certificate not valid yet|NotValidYet)/.test(reason)) {
    return { kind: "not_yet_valid", date: day(/not valid before (\d+)/.exec(reason)?.[1]) };
  }
  if (/^(certificate not valid for name|NotValidForName)/.test(reason)) {
    const validFor = [...reason.matchAll(/DnsName\("([^"(]*)"\)|IpAddress\(([^()]*)\)/g)]
      .map(([, name, address]) => sanitizeLine(name ?? address, 100)).slice(0, 3);
    return { kind: "wrong_name", validFor };
  }
  if (/UnknownIssuer/.test(reason)) return { kind: "unknown_issuer" };
  if (/CaUsedAsEndEntity/.test(reason)) return { kind: "authority" };
  return { kind: "other", reason: sanitizeLine(reason, 120) };
}

/** `seconds` since 1970 as `2026-11-24`. */
function day(seconds: string | undefined): string | undefined {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}

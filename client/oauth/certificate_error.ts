/** Why a server's certificate was rejected, and who can fix it. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { ClientIo } from "../io.ts";
import { CHECK_ADDRESS, NoResponseError } from "./no_response_error.ts";

/** `reason` is the message of rustls after `invalid peer certificate: `. */
export function rejectedCertificate(
  reason: string,
  url: URL,
  { clock }: Pick<ClientIo, "clock">,
): NoResponseError {
  const unacceptable = (reason: string, remedy: string) =>
    new NoResponseError(
      "connection_failed",
      `The certificate of ${url.origin} ${reason}. ${remedy}`,
    );
  const today = `This machine's clock says ${day(clock.now())}: correct it if that is wrong.`;
  // Older versions of rustls name the variant only: Expired, NotValidYet, NotValidForName.
  if (/^(certificate expired|Expired)/.test(reason)) {
    const [, end] = /not valid after (\d+)/.exec(reason) ?? [];
    return unacceptable(
      `has expired${end === undefined ? "" : ` (${day(Number(end) * 1000)})`}`,
      `${today} Otherwise its operator has to renew the certificate.`,
    );
  }
  if (/^(certificate not valid yet|NotValidYet)/.test(reason)) {
    const [, start] = /not valid before (\d+)/.exec(reason) ?? [];
    return unacceptable(
      "is not valid yet" +
        (start === undefined ? "" : ` (before ${day(Number(start) * 1000)})`),
      `${today} Otherwise its operator has to replace the certificate.`,
    );
  }
  if (/^(certificate not valid for name|NotValidForName)/.test(reason)) {
    const names = [...reason.matchAll(/DnsName\("([^"(]*)"\)|IpAddress\(([^()]*)\)/g)]
      .map(([, name, address]) => sanitizeLine(name ?? address, 100)).slice(0, 3);
    return unacceptable(
      `is not valid for ${url.hostname}` +
        (names.length === 0 ? "" : `, only for ${names.join(", ")}`),
      `${CHECK_ADDRESS} If it is right, its operator has to replace the certificate.`,
    );
  }
  if (/UnknownIssuer/.test(reason)) {
    return unacceptable(
      "is not trusted: its issuer is unknown",
      `If your organization has its own certificate authority, set DENO_TLS_CA_STORE=system, ` +
        `or DENO_CERT to its file.`,
    );
  }
  // The default of `openssl req -x509` (RFC 5280 section 4.2.1.9).
  if (/CaUsedAsEndEntity/.test(reason)) {
    return unacceptable(
      "is for a certificate authority (CA:TRUE), not for a server",
      "Its operator has to replace it with a server certificate (basicConstraints=CA:FALSE).",
    );
  }
  return unacceptable(
    `cannot be used (${sanitizeLine(reason, 120)})`,
    "Its operator has to replace the certificate.",
  );
}

/** In UTC, as certificates have it: `2026-11-24`. */
function day(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}

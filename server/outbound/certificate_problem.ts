import type { CertificateRejection } from "../../shared/certificate_rejection.ts";

/** For operators; continues a sentence that names the URL. */
export function describeRejection(rejection: CertificateRejection): string {
  const certificate = "has a certificate that";
  switch (rejection.kind) {
    case "expired":
      return `${certificate} has expired${dated("", rejection.date)}`;
    case "not_yet_valid":
      return `${certificate} is not valid yet${dated("before ", rejection.date)}; check the ` +
        "clock of this machine";
    case "wrong_name":
      return rejection.validFor.length === 0
        ? `${certificate} is for another host name`
        : `${certificate} is for another host name (${rejection.validFor.join(", ")})`;
    case "unknown_issuer":
      return `${certificate} is not signed by an authority that this machine trusts; add the ` +
        "authority to its trusted certificates, or name its PEM file with ca_file";
    case "authority":
      return `${certificate} is for a certificate authority, not for a server`;
    case "other":
      return `${certificate} cannot be used (${rejection.reason})`;
  }
}

function dated(prefix: string, date: string | undefined): string {
  return date === undefined ? "" : ` (${prefix}${date})`;
}

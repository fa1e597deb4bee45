/** Why a server's certificate was rejected, and who can fix it. */
import { CA_FILE_VARIABLE } from "../../shared/certificate_authorities.ts";
import type { CertificateRejection } from "../../shared/certificate_rejection.ts";
import type { ClientIo } from "../io.ts";
import { NoResponseError, type Remedies } from "./no_response_error.ts";

export function rejectedCertificate(
  rejection: CertificateRejection,
  url: URL,
  { clock }: Pick<ClientIo, "clock">,
  { address }: Remedies,
): NoResponseError {
  const [reason, remedy] = describe(rejection, url, new Date(clock.now()), address);
  return new NoResponseError(
    "connection_failed",
    `The certificate of ${url.origin} ${reason}. ${remedy}`,
  );
}

/** What continues the sentence about the certificate, and what to do. */
function describe(
  rejection: CertificateRejection,
  url: URL,
  now: Date,
  checkAddress: string,
): [string, string] {
  const today = `This machine's clock says ${
    now.toISOString().slice(0, 10)
  }: correct it if that is wrong.`;
  switch (rejection.kind) {
    case "expired":
      return [
        `has expired${rejection.date === undefined ? "" : ` (${rejection.date})`}`,
        `${today} Otherwise its operator has to renew the certificate.`,
      ];
    case "not_yet_valid":
      return [
        `is not valid yet${rejection.date === undefined ? "" : ` (before ${rejection.date})`}`,
        `${today} Otherwise its operator has to replace the certificate.`,
      ];
    case "wrong_name":
      return [
        `is not valid for ${url.hostname}` +
        (rejection.validFor.length === 0 ? "" : `, only for ${rejection.validFor.join(", ")}`),
        `${checkAddress} If it is right, its operator has to replace the certificate.`,
      ];
    case "unknown_issuer":
      return [
        "is not trusted: its issuer is unknown",
        `If your organization has its own certificate authority, set ${CA_FILE_VARIABLE} to a ` +
        `PEM file with its certificate, or add it to this machine's trusted certificates.`,
      ];
    case "authority":
      return [
        "is for a certificate authority (CA:TRUE), not for a server",
        "Its operator has to replace it with a server certificate (basicConstraints=CA:FALSE).",
      ];
    case "other":
      return [
        `cannot be used (${rejection.reason})`,
        "Its operator has to replace the certificate.",
      ];
  }
}

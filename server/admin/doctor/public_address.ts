import { connect } from "node:tls";
import { withTimeout } from "../../../shared/deadline.ts";
import { type Finding, ok, problem, warning } from "../../../shared/finding.ts";
import type { OutboundHttp } from "../../outbound/outbound_http.ts";

const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 14;
const METADATA = "/.well-known/oauth-authorization-server";

interface PublicAddressDeps {
  issuer: string;
  http: Pick<OutboundHttp, "request">;
  now: number;
}

/** Asks for the server at its public address, as clients do, and looks at the certificate there. */
export async function publicAddressFindings(
  { issuer, http, now }: PublicAddressDeps,
): Promise<Finding[]> {
  const findings = [await discoveryFinding(issuer, http)];
  const { protocol, hostname, port } = new URL(issuer);
  if (protocol !== "https:") return findings;
  const expires = await certificateExpiry(hostname.replace(/^\[|\]$/g, ""), Number(port || 443));
  if (expires !== undefined) findings.push(certificateFinding(expires, now));
  return findings;
}

async function discoveryFinding(issuer: string, http: PublicAddressDeps["http"]): Promise<Finding> {
  const advice = "Check issuer, the name in DNS, and the reverse proxy in front of the server.";
  try {
    const { status, body } = await http.request(`${issuer}${METADATA}`, {
      accept: "application/json",
      timeoutMs: TIMEOUT_MS,
      maxBytes: 64 * 1024,
      allowPrivate: true,
    });
    if (status !== 200) {
      return problem("public_address", `${issuer} answers with HTTP ${status}`, advice);
    }
    const metadata = JSON.parse(new TextDecoder().decode(body)) as { issuer?: unknown };
    return metadata.issuer === issuer
      ? ok("public_address", `${issuer} answers`)
      : problem("public_address", `another server answers at ${issuer}`, advice);
  } catch (error) {
    const { message } = error as Error;
    return problem("public_address", `${issuer} does not answer: ${message}`, advice);
  }
}

/** When the certificate of the first connection expires; undefined without a connection. */
async function certificateExpiry(host: string, port: number): Promise<Date | undefined> {
  const socket = connect({ host, port, servername: host, rejectUnauthorized: false });
  try {
    const connected = new Promise<void>((resolve, reject) => {
      socket.on("secureConnect", resolve);
      socket.on("error", reject);
    });
    await withTimeout(connected, TIMEOUT_MS);
    const validTo = socket.getPeerCertificate().valid_to;
    return validTo === undefined ? undefined : new Date(validTo);
  } catch {
    // Discovery has failed as well, and says why.
    return undefined;
  } finally {
    socket.destroy();
  }
}

export function certificateFinding(expires: Date, now: number): Finding {
  const days = Math.floor((expires.getTime() - now) / DAY_MS);
  const renew = "Renew it: with tls_cert, replace both files; a reverse proxy has its own.";
  if (days < 0) return problem("certificate", `has expired ${-days} days ago`, renew);
  return days < EXPIRES_SOON_DAYS
    ? warning("certificate", `expires in ${days} days`, renew)
    : ok("certificate", `expires in ${days} days`);
}

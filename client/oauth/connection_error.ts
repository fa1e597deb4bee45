/** Maps errors of fetch to messages, by the step that failed: name, connection, TLS, HTTP. */
import { CertificateAuthorityError } from "../../shared/certificate_authorities.ts";
import { certificateRejection } from "../../shared/certificate_rejection.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { rejectedCertificate } from "./certificate_error.ts";
import { isLoopback } from "./host.ts";
import {
  NoResponseError,
  permanentlyUnreachable,
  type Remedies,
  SERVER_REMEDIES,
  temporarilyUnreachable,
} from "./no_response_error.ts";

/** The ClientError for `error`, which fetch threw for a request to `url`. */
export function connectionError(
  error: unknown,
  url: URL,
  io: Pick<ClientIo, "clock" | "env">,
  remedies = SERVER_REMEDIES,
): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof CertificateAuthorityError) {
    return new NoResponseError("connection_failed", sanitizeLine(error.message, 500));
  }
  const { step, detail } = failedStep(error);
  if (step === "Connect") return failedConnection(detail, url, io, remedies);
  if (step === "SendRequest" && /^invalid HTTP |^message head/.test(detail)) {
    return permanentlyUnreachable(
      url,
      "the program that answers there does not speak HTTP",
      url.protocol === "http:"
        ? `If the server has a certificate, its address is https://${url.host}.`
        : remedies.address,
    );
  }
  if (step !== undefined || /reading a body|connection|closed|eof/i.test(detail)) {
    return temporarilyUnreachable(url, "the connection was lost", remedies);
  }
  return temporarilyUnreachable(url, sanitizeLine(detail, 120) || "network error", remedies);
}

/**
 * The step at which fetch failed, with its details. Fetch has no error codes, but its messages
 * name the step of hyper: `… client error (Connect): dns error: …`. The text before it contains
 * the address and is ignored. Deno 2.9 has this message in the cause.
 */
function failedStep(error: unknown): { step?: string; detail: string } {
  const messages = [Object(error).cause, error].flatMap((thrown) =>
    thrown instanceof Error ? [thrown.message] : []
  );
  for (const message of messages) {
    const match = /client error \((\w+)\)(?:: ([^]*))?$/.exec(message);
    if (match !== null) return { step: match[1], detail: match[2] ?? "" };
  }
  return { detail: messages[0] ?? "" };
}

function failedConnection(
  detail: string,
  url: URL,
  io: Pick<ClientIo, "clock" | "env">,
  remedies: Remedies,
): NoResponseError {
  const rejection = certificateRejection(detail);
  if (rejection !== undefined) return rejectedCertificate(rejection, url, io, remedies);
  if (/^invalid dns name/i.test(detail)) {
    return permanentlyUnreachable(
      url,
      `${url.hostname} is not a valid host name`,
      remedies.address,
    );
  }
  if (detail.startsWith("dns error")) return failedLookup(detail, url, io.env, remedies);
  if (/^proxy auth/.test(detail)) {
    return new NoResponseError(
      "network_error",
      `Cannot reach ${url.origin}: the proxy requires a user name and password. ` +
        `Set HTTPS_PROXY to http://user:password@proxy:port, or log in to the network.`,
    );
  }
  if (/^received corrupt message/.test(detail)) {
    return permanentlyUnreachable(
      url,
      "the program that answers there does not speak TLS",
      isLoopback(url)
        ? `If the server has no certificate, its address is http://${url.host}.`
        : `If ${url.host} is right, its operator has to set up https.`,
    );
  }
  // RFC 8446 section 6.2: internal_error is not about the peer.
  if (/^(received fatal alert: (?!InternalError)|peer )/.test(detail)) {
    return permanentlyUnreachable(
      url,
      `the TLS handshake failed (${sanitizeLine(detail, 120)})`,
      "Ask its operator to check the TLS settings: TLS 1.2 or 1.3 is needed.",
    );
  }
  return temporarilyUnreachable(url, connectFailure(detail) + proxyNote(url, io.env), remedies);
}

/** Messages of getaddrinfo for an unknown name: glibc, musl, macOS, and Windows by number. */
const NAME_UNKNOWN =
  /not known|No address associated|does not resolve|no such host|os error (11001|11004)\b/i;

function failedLookup(
  detail: string,
  url: URL,
  env: ClientIo["env"],
  remedies: Remedies,
): NoResponseError {
  if (!NAME_UNKNOWN.test(detail)) {
    return temporarilyUnreachable(
      url,
      `the name ${url.hostname} cannot be looked up at the moment`,
      remedies,
    );
  }
  return permanentlyUnreachable(
    url,
    `there is no host named ${url.hostname}${proxyNote(url, env)}`,
    `${remedies.address} If the name is right, this machine needs a connection to its network or VPN.`,
  );
}

/** By the error number: the message of the operating system depends on its language. */
function connectFailure(detail: string): string {
  const number = Number(/\(os error (\d+)\)/.exec(detail)?.[1]);
  if ([61, 111, 10061].includes(number)) return "connection refused";
  if ([51, 65, 101, 113, 10051, 10065].includes(number)) return "no route to host";
  if ([60, 110, 10060].includes(number)) return "connection timed out";
  if ([54, 104, 10054].includes(number) || /eof/.test(detail)) return "the connection was lost";
  return sanitizeLine(detail.replace(/^[a-z ]+ error: /i, ""), 120) || "network error";
}

/** With a proxy, it may be the proxy that cannot be reached. */
function proxyNote(url: URL, env: ClientIo["env"]): string {
  if (isLoopback(url)) return "";
  const names = url.protocol === "https:" ? ["HTTPS_PROXY", "ALL_PROXY"] : ["HTTP_PROXY"];
  const name = names.flatMap((name) => [name, name.toLowerCase()]).find((name) => env[name]);
  return name === undefined ? "" : ` (or the proxy in ${name} cannot be reached)`;
}

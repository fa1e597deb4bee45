/** Why a request got no answer, by the step that failed: name, connection, TLS, certificate, HTTP. */
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isLoopback } from "./host.ts";

/**
 * No answer came from the server. The exit code says whether the same request may
 * succeed later (refused, reset, timed out) or something has to change first
 * (an unknown name, a certificate). Either way the server has decided nothing, so a
 * token that is still valid can be used.
 */
export class NoAnswerError extends ClientError {}

/** A failure that may pass without anybody's doing. */
export function temporarilyUnreachable(url: URL, reason: string): NoAnswerError {
  return new NoAnswerError(
    EXIT.temporaryFailure,
    `Cannot reach ${url.origin}: ${reason}. Check that the server runs, then try again.`,
  );
}

/**
 * Something else answered in the server's place: the sign-in page of a network, a proxy.
 * The server itself was not reached.
 */
export class ForeignAnswerError extends NoAnswerError {
  readonly reason: string;
  /** `answer` as in `HTTP 302, redirects to …`. */
  constructor(url: URL, answer: string) {
    const reason = `something else answers in its place (${answer}), ` +
      `such as the sign-in page of a network or a proxy`;
    super(
      EXIT.temporaryFailure,
      `Cannot reach ${url.origin}: ${reason}. ` +
        `Sign in to the network or fix the address, then try again.`,
    );
    this.reason = reason;
  }
}

/** What `error`, thrown by fetch for a request to `url`, means for the user. */
export function connectionError(
  error: unknown,
  url: URL,
  io: Pick<ClientIo, "clock" | "env">,
): ClientError {
  if (error instanceof ClientError) return error;
  const { step, detail } = failedStep(error);
  if (step === "Connect") return failedConnection(detail, url, io);
  if (step === "SendRequest" && /^invalid HTTP |^message head/.test(detail)) {
    return permanent(
      url,
      "what answers there does not speak http",
      url.protocol === "http:"
        ? `If the server has a certificate, its address is https://${url.host}.`
        : checkAddress,
    );
  }
  // Nothing was sent yet: the runtime reads these settings at the first request.
  if (step === undefined && /\bCA file\b|certificate/i.test(detail)) {
    return permanent(
      url,
      `the certificate authorities to trust cannot be read (${sanitizeLine(detail, 120)})`,
      "Correct DENO_CERT or DENO_TLS_CA_STORE.",
    );
  }
  if (step !== undefined || /reading a body|connection|closed|eof/i.test(detail)) {
    return temporarilyUnreachable(url, "the connection broke");
  }
  return temporarilyUnreachable(url, sanitizeLine(detail, 120) || "network error");
}

/**
 * The step at which fetch failed, and what it says about that. Fetch has no error
 * codes, but its messages name hyper's step: `… client error (Connect): dns error: …`.
 * What comes before, with the address in it, is not looked at. Deno 2.9 has this
 * message in the cause.
 */
function failedStep(error: unknown): { step?: string; detail: string } {
  const messages = [Object(error).cause, error].flatMap((each) =>
    each instanceof Error ? [each.message] : []
  );
  for (const message of messages) {
    const found = /client error \((\w+)\)(?:: ([^]*))?$/.exec(message);
    if (found !== null) return { step: found[1], detail: found[2] ?? "" };
  }
  return { detail: messages[0] ?? "" };
}

const checkAddress = `Check the address given by --server or ${brand.envPrefix}_SERVER.`;

function failedConnection(
  detail: string,
  url: URL,
  io: Pick<ClientIo, "clock" | "env">,
): NoAnswerError {
  const certificate = /^invalid peer certificate: ([^]*)/.exec(detail);
  if (certificate !== null) return rejectedCertificate(certificate[1], url, io);
  if (/^invalid dns name/i.test(detail)) {
    return permanent(url, `${url.hostname} cannot be the name of a host`, checkAddress);
  }
  if (detail.startsWith("dns error")) return failedLookup(detail, url, io.env);
  if (/^proxy auth/.test(detail)) {
    return new NoAnswerError(
      EXIT.temporaryFailure,
      `Cannot reach ${url.origin}: the proxy requires a user name and password. ` +
        `Put them into HTTPS_PROXY (http://user:password@proxy:port), or log in to the network.`,
    );
  }
  if (/^received corrupt message/.test(detail)) {
    return permanent(
      url,
      "what answers there does not speak TLS",
      isLoopback(url)
        ? `If the server has no certificate, its address is http://${url.host}.`
        : `If ${url.host} is right, its operator has to set up https there.`,
    );
  }
  // RFC 8446 section 6.2: internal_error has nothing to do with the peer.
  if (/^(received fatal alert: (?!InternalError)|peer )/.test(detail)) {
    return permanent(
      url,
      `the TLS handshake failed (${sanitizeLine(detail, 120)})`,
      "Ask its operator to check the TLS settings: TLS 1.2 or 1.3 is needed.",
    );
  }
  return temporarilyUnreachable(url, connectFailure(detail) + proxyNote(url, io.env));
}

/** Messages of getaddrinfo for a name that has no address: glibc, musl, macOS, and Windows by number. */
const NAME_UNKNOWN =
  /not known|No address associated|does not resolve|no such host|os error (11001|11004)\b/i;

function failedLookup(detail: string, url: URL, env: ClientIo["env"]): NoAnswerError {
  if (!NAME_UNKNOWN.test(detail)) {
    return temporarilyUnreachable(
      url,
      `the name ${url.hostname} cannot be looked up at the moment`,
    );
  }
  return permanent(
    url,
    `there is no host of the name ${url.hostname}${proxyNote(url, env)}`,
    `${checkAddress} If the name is right, this machine needs a connection to its network or VPN.`,
  );
}

function rejectedCertificate(
  reason: string,
  url: URL,
  { clock }: Pick<ClientIo, "clock">,
): NoAnswerError {
  const unacceptable = (reason: string, remedy: string) =>
    new NoAnswerError(EXIT.failure, `The certificate of ${url.origin} ${reason}. ${remedy}`);
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
      `${checkAddress} If it is right, its operator has to replace the certificate.`,
    );
  }
  if (/UnknownIssuer/.test(reason)) {
    return unacceptable(
      "is not trusted: its issuer is unknown",
      `If your organisation has its own certificate authority, set DENO_TLS_CA_STORE=system, ` +
        `or DENO_CERT to its file.`,
    );
  }
  // What `openssl req -x509` makes where nothing else is said (RFC 5280 section 4.2.1.9).
  if (/CaUsedAsEndEntity/.test(reason)) {
    return unacceptable(
      "is made for a certificate authority (CA:TRUE), not for a server",
      "Its operator has to replace it with one made for a server (basicConstraints=CA:FALSE).",
    );
  }
  return unacceptable(
    `cannot be used (${sanitizeLine(reason, 120)})`,
    "Its operator has to replace the certificate.",
  );
}

/** By the number of the operating system, whose words depend on its language. */
function connectFailure(detail: string): string {
  const number = Number(/\(os error (\d+)\)/.exec(detail)?.[1]);
  if ([61, 111, 10061].includes(number)) return "connection refused";
  if ([51, 65, 101, 113, 10051, 10065].includes(number)) return "there is no route to it";
  if ([60, 110, 10060].includes(number)) return "no connection in time";
  if ([54, 104, 10054].includes(number) || /eof/.test(detail)) return "the connection broke";
  return sanitizeLine(detail.replace(/^[a-z ]+ error: /i, ""), 120) || "network error";
}

/** Where a proxy is set, it may be the proxy that cannot be reached. */
function proxyNote(url: URL, env: ClientIo["env"]): string {
  if (isLoopback(url)) return "";
  const names = url.protocol === "https:" ? ["HTTPS_PROXY", "ALL_PROXY"] : ["HTTP_PROXY"];
  const name = names.flatMap((each) => [each, each.toLowerCase()]).find((each) => env[each]);
  return name === undefined ? "" : ` (or the proxy in ${name} cannot be reached)`;
}

function permanent(url: URL, reason: string, remedy: string): NoAnswerError {
  return new NoAnswerError(EXIT.failure, `Cannot reach ${url.origin}: ${reason}. ${remedy}`);
}

/** In UTC, as certificates have it: `2026-11-24`. */
function day(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}

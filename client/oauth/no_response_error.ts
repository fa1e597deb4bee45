/** Errors of requests that the server did not answer. */
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";

/** A next step, where the address may be wrong. */
export const CHECK_ADDRESS = `Check the address in --server or ${brand.envPrefix}_SERVER.`;

/** What to do if something cannot be reached. */
export interface Remedies {
  /** The address may be wrong. */
  address: string;
  /** It may be down. */
  outage: string;
}

export const SERVER_REMEDIES: Remedies = {
  address: CHECK_ADDRESS,
  outage: "Check that the server is running, then try again.",
};

/**
 * The server did not answer, so it decided nothing: a token that has not expired can still be
 * used. The code says whether the same request may succeed later (`network_error`: refused,
 * reset, timed out) or something has to change first (`connection_failed`: an unknown name, a
 * certificate).
 */
export class NoResponseError extends ClientError {}

/** A failure that may pass without a change. */
export function temporarilyUnreachable(
  url: URL,
  reason: string,
  { outage }: Remedies = SERVER_REMEDIES,
): NoResponseError {
  return new NoResponseError("network_error", `Cannot reach ${url.origin}: ${reason}. ${outage}`);
}

/** A failure that lasts until something is changed: `remedy` says what. */
export function permanentlyUnreachable(url: URL, reason: string, remedy: string): NoResponseError {
  return new NoResponseError(
    "connection_failed",
    `Cannot reach ${url.origin}: ${reason}. ${remedy}`,
  );
}

/**
 * Something else answered instead of the server, such as the sign-in page of a network or a
 * proxy: the server was not reached.
 */
export class UnexpectedServerError extends NoResponseError {
  readonly reason: string;
  /** `response` as in `HTTP 302, redirects to …`. */
  constructor(url: URL, response: string) {
    const reason = `something else answers instead of the server (${response}), ` +
      `such as the sign-in page of a network or a proxy`;
    super(
      "network_error",
      `Cannot reach ${url.origin}: ${reason}. ` +
        `Sign in to the network or correct the address, then try again.`,
    );
    this.reason = reason;
  }
}

import { isIP } from "node:net";
import { certificateRejection } from "../../shared/certificate_rejection.ts";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import { inSpan } from "../telemetry/tracing.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import { describeRejection } from "./certificate_problem.ts";
import type { Route } from "./connection.ts";
import { MessageError } from "./http_message.ts";
import type { OutboundNetwork, OutboundRequest, OutboundResponse } from "./network.ts";
import { hostOf, proxyFor } from "./proxy.ts";
import { NoSlot, RequestSlots, type SlotLimits } from "./request_slots.ts";
import { NotConnectedError } from "./send_request.ts";
import { isPublicAddress } from "./ssrf_guard.ts";

/** Addresses of a name that are tried: they share the time of the request. */
const MAX_ATTEMPTS = 4;

/** Why there is no response. With `forbidden` and `private_address` nothing was sent. */
export type OutboundFailure =
  | "forbidden"
  | "private_address"
  | "unreachable"
  | "timeout"
  | "too_large";

/** A request without a response; `message` continues a sentence that names the URL. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  constructor(readonly failure: OutboundFailure, message: string) {
    super(message);
  }
}

/**
 * The server's only HTTP client. URLs come from tokens, rules and documents of other parties, so
 * each request is guarded against reaching the operator's own network (SSRF): https only; a name
 * is resolved once, all its addresses must be public, and the connection goes to one of them;
 * redirects are not followed; size and time are limited, and so are requests at the same time, in
 * total and to each host. A wait for others counts as time of the request.
 */
export class OutboundHttp {
  readonly #slots: RequestSlots;

  constructor(private readonly network: OutboundNetwork, limits?: Partial<SlotLimits>) {
    this.#slots = new RequestSlots(limits);
  }

  /** For metrics. */
  get queueState(): RequestSlots["state"] {
    return this.#slots.state;
  }

  /** The response, whatever its status; redirects are not followed. Throws OutboundError. */
  async request(address: string | URL, request: OutboundRequest): Promise<OutboundResponse> {
    const url = checkedUrl(address, request);
    const method = request.method ?? "GET";
    // Without the path, which can be a secret of a webhook.
    const attributes = { "http.request.method": method, "server.address": url.hostname };
    return await inSpan(
      `${method} ${url.hostname}`,
      { kind: "client", attributes },
      () => this.#requestInTime(url, request),
    );
  }

  async #requestInTime(url: URL, request: OutboundRequest): Promise<OutboundResponse> {
    const abort = new AbortController();
    try {
      const sending = this.#slots.run(
        url.host,
        abort.signal,
        () => this.#send(url, request, abort.signal),
      );
      return await withTimeout(sending, request.timeoutMs);
    } catch (error) {
      throw toOutboundError(error as Error, request);
    } finally {
      abort.abort();
    }
  }

  async #send(url: URL, request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
    const routes = await this.#routes(url, request.allowPrivate);
    const limits = { signal, connectTimeoutMs: request.timeoutMs / routes.length };
    for (const [index, route] of routes.entries()) {
      try {
        return await this.network.send(url, request, route, limits);
      } catch (error) {
        // Nothing was sent yet, so another address of the name is safe to try.
        if (!(error instanceof NotConnectedError) || index === routes.length - 1) throw error;
      }
    }
    throw new OutboundError("unreachable", "has no address");
  }

  /** Where to connect to; the name is resolved once. */
  async #routes(url: URL, allowPrivate: boolean): Promise<Route[]> {
    const host = hostOf(url);
    const literal = isIP(host) !== 0;
    // A proxy resolves names, and its rules decide; an address is checked here.
    const proxy = proxyFor(url, this.network.env);
    if (proxy !== undefined && !literal && !isLoopbackHost(host)) return [{ proxy }];
    let addresses: string[];
    try {
      addresses = literal ? [host] : await this.network.resolve(host);
    } catch {
      throw new OutboundError("unreachable", "has a name that cannot be resolved");
    }
    // All of them: the owner of the name chooses which one a connection gets.
    if (!allowPrivate && !addresses.every(isPublicAddress)) {
      throw new OutboundError("private_address", "has a private address");
    }
    return proxy !== undefined && !isLoopbackHost(host)
      ? [{ proxy }]
      : addresses.slice(0, MAX_ATTEMPTS).map((address) => ({ address }));
  }
}

function toOutboundError(error: Error, { timeoutMs }: OutboundRequest): OutboundError {
  if (error instanceof OutboundError) return error;
  if (error instanceof NoSlot) {
    return new OutboundError("unreachable", "was not asked, since too many requests wait for it");
  }
  if (error instanceof TimeoutError) {
    return new OutboundError("timeout", `did not answer within ${timeoutMs / 1000} s`);
  }
  if (error instanceof MessageError) {
    return new OutboundError(error.tooLarge ? "too_large" : "unreachable", error.message);
  }
  const rejection = certificateRejection(error.message);
  if (rejection !== undefined) {
    return new OutboundError("unreachable", describeRejection(rejection));
  }
  return new OutboundError("unreachable", `cannot be reached: ${error.message}`);
}

function checkedUrl(
  address: string | URL,
  { allowPrivate, allowPlain = false }: OutboundRequest,
): URL {
  if (!URL.canParse(address)) throw new OutboundError("forbidden", "is not a valid URL");
  const url = new URL(address);
  const isAllowedPlain = allowPlain || (allowPrivate && isLoopbackHost(url.hostname));
  if (url.protocol === "https:" || (url.protocol === "http:" && isAllowedPlain)) return url;
  throw new OutboundError("forbidden", "is not https");
}

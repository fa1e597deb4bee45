import type { JSONWebKeySet } from "jose";
import type { Clock } from "../../shared/clock.ts";
import { OutboundError, type OutboundHttp } from "../outbound/outbound_http.ts";

/** Keys are fetched again after this long, in ms. */
const MAX_AGE = 10 * 60_000;
/** A key we do not know makes us fetch again, but no more often than this, in ms. */
const COOL_DOWN = 30_000;
/** After a failure an issuer is left alone for this long, in ms, however many tokens name it. */
const FAILURE_COOL_DOWN = 10_000;
/** Longest wait for an issuer, in ms. */
const TIMEOUT_MS = 5_000;
/** Largest document we read, in bytes. GitHub's key set has about 15 KB. */
const MAX_BYTES = 256 * 1024;
/** Kubernetes' API server answers its key set to the last two only (RFC 7517 section 8.5). */
const KEY_SET_TYPES = "application/jwk-set+json, application/json;q=0.9, */*;q=0.1";
const DISCOVERY_TYPES = "application/json, */*;q=0.1";

/** An issuer's keys cannot be had; `message` says why, for operators. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
  /** `permanent`: it stays so until somebody changes the issuer or the settings. */
  constructor(message: string, readonly permanent = false) {
    super(message);
  }
}

interface Entry {
  keys?: JSONWebKeySet;
  fetchedAt: number;
  /** The newest failure, if nothing has succeeded since. */
  failure?: { at: number; error: IssuerUnavailable };
  pending?: Promise<JSONWebKeySet>;
}

/**
 * Public keys of the issuers that rules name, from their discovery documents
 * (OpenID Connect Discovery 1.0 section 4). Each issuer has an entry of its own,
 * so one that hangs delays only its own tokens.
 */
export class JwksCache {
  #entries = new Map<string, Entry>();

  constructor(
    private readonly clock: Clock,
    private readonly http: OutboundHttp,
    private readonly allowPrivate: boolean,
  ) {}

  /**
   * The issuer's key set. `knows` says whether it has a key that may have signed the
   * token: if not, the set is fetched again, once, since keys rotate. Throws
   * IssuerUnavailable.
   */
  async keySet(issuer: string, knows: (keys: JSONWebKeySet) => boolean): Promise<JSONWebKeySet> {
    const entry = this.#entries.get(issuer) ?? { fetchedAt: -Infinity };
    this.#entries.set(issuer, entry);
    const now = this.clock.now();
    const age = now - entry.fetchedAt;
    if (entry.keys !== undefined && age < MAX_AGE && (knows(entry.keys) || age < COOL_DOWN)) {
      return entry.keys;
    }
    try {
      // Whoever sends tokens decides how often we come here, but not how often we ask.
      const { failure } = entry;
      if (failure !== undefined && Math.abs(now - failure.at) < FAILURE_COOL_DOWN) {
        throw failure.error;
      }
      entry.pending ??= this.#fetchInto(entry, issuer).finally(() => entry.pending = undefined);
      return await entry.pending;
    } catch (error) {
      // Keys we have are good until the token's key is not among them.
      if (entry.keys !== undefined && knows(entry.keys)) return entry.keys;
      throw error;
    }
  }

  async #fetchInto(entry: Entry, issuer: string): Promise<JSONWebKeySet> {
    try {
      entry.keys = await this.#fetchKeySet(issuer);
      entry.fetchedAt = this.clock.now();
      entry.failure = undefined;
      return entry.keys;
    } catch (error) {
      if (error instanceof IssuerUnavailable) entry.failure = { at: this.clock.now(), error };
      throw error;
    }
  }

  async #fetchKeySet(issuer: string): Promise<JSONWebKeySet> {
    const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const discovery = await this.#fetchJson(address, DISCOVERY_TYPES);
    if (discovery.issuer !== issuer) {
      throw new IssuerUnavailable(
        `${issuer} calls itself another issuer in its discovery document`,
      );
    }
    if (typeof discovery.jwks_uri !== "string") {
      throw new IssuerUnavailable(`${issuer} names no jwks_uri in its discovery document`);
    }
    const keySet = await this.#fetchJson(discovery.jwks_uri, KEY_SET_TYPES);
    if (!Array.isArray(keySet.keys)) {
      throw new IssuerUnavailable(`${discovery.jwks_uri} is not a JSON Web Key Set`);
    }
    return keySet as unknown as JSONWebKeySet;
  }

  async #fetchJson(address: string, accept: string): Promise<Record<string, unknown>> {
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, allowPrivate: this.allowPrivate };
    let response;
    try {
      response = await this.http.request(address, { accept, ...limits });
    } catch (error) {
      if (error instanceof OutboundError) throw unavailable(address, error);
      throw error;
    }
    const { status, body } = response;
    if (status !== 200) {
      throw new IssuerUnavailable(
        `${address} answered with status ${status}`,
        isPermanentStatus(status),
      );
    }
    try {
      return asObject(JSON.parse(new TextDecoder().decode(body)), address);
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      throw new IssuerUnavailable(`${address} is not JSON`);
    }
  }
}

/** A redirect or a client's error comes again however often one asks, but for two of them (RFC 9110 section 15.5). */
function isPermanentStatus(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 429;
}

function unavailable(address: string, { failure, message }: OutboundError): IssuerUnavailable {
  switch (failure) {
    case "forbidden":
      return new IssuerUnavailable(`${address} is not asked: it ${message}`, true);
    case "private_address":
      return new IssuerUnavailable(
        `${address} is not asked: it ${message}, and federation_private_issuers is off`,
        true,
      );
    default:
      return new IssuerUnavailable(`${address} ${message}`);
  }
}

function asObject(value: unknown, address: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new IssuerUnavailable(`${address} is not a JSON object`);
}

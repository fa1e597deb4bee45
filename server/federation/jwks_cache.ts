import type { JSONWebKeySet } from "jose";
import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { OutboundError, type OutboundHttp } from "../outbound/outbound_http.ts";

/** Keys are fetched again after this long. */
const MAX_AGE_MS = 10 * 60_000;
/** A key that is not in the set causes another fetch, but no more often than this. */
const REFETCH_INTERVAL_MS = 30_000;
/** After a failure an issuer gets no request for this long, however many tokens name it. */
const FAILURE_INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** Largest document that is read. GitHub's key set has about 15 KB. */
const MAX_BYTES = 256 * 1024;
/** Kubernetes' API server serves its key set as the last two only (RFC 7517 section 8.5). */
const KEY_SET_TYPES = "application/jwk-set+json, application/json;q=0.9, */*;q=0.1";
const DISCOVERY_TYPES = "application/json, */*;q=0.1";

interface Entry {
  keys?: JSONWebKeySet;
  fetchedAt: number;
  /** The newest failure, if nothing has succeeded since. */
  failure?: { at: number; error: DomainError };
  pending?: Promise<JSONWebKeySet | DomainError>;
}

/**
 * Public keys of the issuers that rules name, from their discovery documents
 * (OpenID Connect Discovery 1.0 section 4). Each issuer has an entry of its own,
 * so one that hangs delays only its own tokens.
 */
export class JwksCache {
  #entries = new Map<string, Entry>();
  /** Look-ups, by where the keys came from: for metrics. */
  readonly lookups = { hit: 0, fetched: 0, failed: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly http: OutboundHttp,
    private readonly allowPrivate: boolean,
    private readonly options: {
      /** Where an issuer's metadata may be, in the order in which they are tried. */
      documents: readonly string[];
      /** The setting behind `allowPrivate`. */
      setting: string;
    } = {
      documents: ["/.well-known/openid-configuration"],
      setting: "federation_private_issuers",
    },
  ) {}

  /**
   * The issuer's key set. `hasKey` says whether it contains a key that may have signed the token:
   * if not, the set is fetched once more, since keys rotate. Fails as `unavailable` if a later
   * attempt may succeed, and as `forbidden` if the issuer or the settings have to change first.
   */
  async keySet(
    issuer: string,
    hasKey: (keys: JSONWebKeySet) => boolean,
  ): Promise<JSONWebKeySet | DomainError> {
    const entry = this.#entries.get(issuer) ?? { fetchedAt: -Infinity };
    this.#entries.set(issuer, entry);
    const age = this.clock.now() - entry.fetchedAt;
    if (
      entry.keys !== undefined && age < MAX_AGE_MS &&
      (hasKey(entry.keys) || age < REFETCH_INTERVAL_MS)
    ) {
      this.lookups.hit++;
      return entry.keys;
    }
    const fetched = this.#recentFailure(entry) ?? await this.#fetchOnce(entry, issuer);
    if (fetched instanceof DomainError) this.lookups.failed++;
    else this.lookups.fetched++;
    // Old keys remain valid until the issuer answers without them.
    const isUsable = fetched instanceof DomainError && entry.keys !== undefined &&
      hasKey(entry.keys);
    return isUsable ? entry.keys! : fetched;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Clients choose how often tokens are verified, but not how often an issuer gets a request. */
  #recentFailure({ failure }: Entry): DomainError | undefined {
    const isRecent = failure !== undefined &&
      Math.abs(this.clock.now() - failure.at) < FAILURE_INTERVAL_MS;
    return isRecent ? failure.error : undefined;
  }

  async #fetchOnce(entry: Entry, issuer: string): Promise<JSONWebKeySet | DomainError> {
    entry.pending ??= this.#fetchInto(entry, issuer).finally(() => entry.pending = undefined);
    return await entry.pending;
  }

  async #fetchInto(entry: Entry, issuer: string): Promise<JSONWebKeySet | DomainError> {
    const keys = await this.#fetchKeySet(issuer);
    if (keys instanceof DomainError) {
      entry.failure = { at: this.clock.now(), error: keys };
      return keys;
    }
    entry.keys = keys;
    entry.fetchedAt = this.clock.now();
    entry.failure = undefined;
    return keys;
  }

  async #fetchKeySet(issuer: string): Promise<JSONWebKeySet | DomainError> {
    const discovery = await this.#fetchDiscovery(issuer);
    if (discovery instanceof DomainError) return discovery;
    if (discovery.issuer !== issuer) {
      return unavailable(`The discovery document of ${issuer} names another issuer.`);
    }
    if (typeof discovery.jwks_uri !== "string") {
      return unavailable(`The discovery document of ${issuer} has no jwks_uri.`);
    }
    const keySet = await this.#fetchJson(discovery.jwks_uri, KEY_SET_TYPES);
    if (keySet instanceof DomainError) return keySet;
    return Array.isArray(keySet.keys)
      ? keySet as unknown as JSONWebKeySet
      : unavailable(`${discovery.jwks_uri} is not a JSON Web Key Set.`);
  }

  /** The first document that names the issuer, or else the first one or why there is none. */
  async #fetchDiscovery(issuer: string): Promise<Record<string, unknown> | DomainError> {
    const results: (Record<string, unknown> | DomainError)[] = [];
    for (const document of this.options.documents) {
      const url = `${issuer.replace(/\/$/, "")}${document}`;
      const discovery = await this.#fetchJson(url, DISCOVERY_TYPES);
      if (!(discovery instanceof DomainError) && discovery.issuer === issuer) return discovery;
      results.push(discovery);
    }
    return results[0];
  }

  async #fetchJson(url: string, accept: string): Promise<Record<string, unknown> | DomainError> {
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, allowPrivate: this.allowPrivate };
    let response;
    try {
      response = await this.http.request(url, { accept, ...limits });
    } catch (error) {
      if (error instanceof OutboundError) return requestFailure(url, error, this.options.setting);
      throw error;
    }
    if (response.status !== 200) {
      const message = `${url} answered with status ${response.status}.`;
      return isPermanentStatus(response.status) ? forbidden(message) : unavailable(message);
    }
    return parseObject(response.body) ?? unavailable(`${url} is not a JSON object.`);
  }
}

function unavailable(message: string): DomainError {
  return new DomainError("unavailable", message);
}

function forbidden(message: string): DomainError {
  return new DomainError("forbidden", message);
}

/** Redirects and client errors persist, except two of them (RFC 9110 section 15.5). */
function isPermanentStatus(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 429;
}

function requestFailure(
  url: string,
  { failure, message }: OutboundError,
  setting: string,
): DomainError {
  switch (failure) {
    case "forbidden":
      return forbidden(`No request was sent to ${url}: it ${message}.`);
    case "private_address":
      return forbidden(
        `No request was sent to ${url}: it ${message}. Set ${setting} to "on" to ` +
          "allow it.",
      );
    default:
      return unavailable(`${url} ${message}.`);
  }
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

import type { JSONWebKeySet } from "jose";
import type { Clock } from "../../shared/clock.ts";
import { addressProblem } from "./public_address.ts";

/** Keys are looked up anew after this long, in ms. */
const MAX_AGE = 10 * 60_000;
/** A key we do not know makes us look again, but no more often than this, in ms. */
const COOL_DOWN = 30_000;
/** Longest wait for an issuer, in ms. */
const PATIENCE = 5_000;
/** Largest document we read, in bytes. GitHub's key set has about 15 KB. */
const MAX_BYTES = 256 * 1024;

/** An issuer's keys cannot be had; `message` says why, for operators. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
}

interface Entry {
  keys?: JSONWebKeySet;
  fetchedAt: number;
  pending?: Promise<JSONWebKeySet>;
}

/**
 * Public keys of the issuers that rules name, from their discovery documents
 * (OpenID Connect Discovery 1.0 section 4). Each issuer has an entry of its own,
 * so one that hangs delays only its own tokens.
 */
export class IssuerKeys {
  #entries = new Map<string, Entry>();

  constructor(
    private readonly clock: Clock,
    private readonly fetch: typeof globalThis.fetch,
    private readonly allowPrivate: boolean,
  ) {}

  /**
   * The issuer's key set. `knows` tells whether it holds the key a token names:
   * if not, the set is fetched anew, once, since keys rotate. Throws
   * IssuerUnavailable.
   */
  async keySet(issuer: string, knows: (keys: JSONWebKeySet) => boolean): Promise<JSONWebKeySet> {
    const entry = this.#entries.get(issuer) ?? { fetchedAt: -Infinity };
    this.#entries.set(issuer, entry);
    const age = this.clock.now() - entry.fetchedAt;
    if (entry.keys !== undefined && age < MAX_AGE && (knows(entry.keys) || age < COOL_DOWN)) {
      return entry.keys;
    }
    entry.pending ??= this.#fetchKeySet(issuer).finally(() => entry.pending = undefined);
    try {
      entry.keys = await entry.pending;
      entry.fetchedAt = this.clock.now();
      return entry.keys;
    } catch (error) {
      // Keys we have are good until the token's key is not among them.
      if (entry.keys !== undefined && knows(entry.keys)) return entry.keys;
      throw error;
    }
  }

  async #fetchKeySet(issuer: string): Promise<JSONWebKeySet> {
    const discovery = await this.#fetchJson(
      `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    );
    if (discovery.issuer !== issuer) {
      throw new IssuerUnavailable(
        `${issuer} calls itself another issuer in its discovery document`,
      );
    }
    if (typeof discovery.jwks_uri !== "string") {
      throw new IssuerUnavailable(`${issuer} names no jwks_uri in its discovery document`);
    }
    const keySet = await this.#fetchJson(discovery.jwks_uri);
    if (!Array.isArray(keySet.keys)) {
      throw new IssuerUnavailable(`${discovery.jwks_uri} is no JSON Web Key Set`);
    }
    return keySet as unknown as JSONWebKeySet;
  }

  async #fetchJson(address: string): Promise<Record<string, unknown>> {
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      throw new IssuerUnavailable(`${address} is no address`);
    }
    const problem = await addressProblem(url, this.allowPrivate);
    if (problem !== undefined) {
      throw new IssuerUnavailable(`${url.origin} is not asked: ${problem}`);
    }
    let response: Response;
    try {
      response = await this.fetch(url, {
        // A redirect could lead anywhere, past the check above.
        redirect: "manual",
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new IssuerUnavailable(`${url.href} answered with status ${response.status}`);
      }
      return asObject(JSON.parse(await boundedBody(response, url)), url);
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      const late = error instanceof DOMException && error.name === "TimeoutError";
      throw new IssuerUnavailable(
        late ? `${url.href} did not answer within ${PATIENCE / 1000} s` : `${url.href} failed`,
      );
    }
  }
}

async function boundedBody(response: Response, url: URL): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      throw new IssuerUnavailable(`${url.href} sent more than ${MAX_BYTES / 1024} KB`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function asObject(value: unknown, url: URL): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new IssuerUnavailable(`${url.href} is no JSON object`);
}

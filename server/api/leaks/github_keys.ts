import { createPublicKey, type KeyObject, verify } from "node:crypto";
import * as z from "zod/mini";
import type { Clock } from "../../../shared/clock.ts";
import { isLoopbackHost } from "../../config/parsers.ts";
import { DomainError } from "../../domain_error.ts";
import type { OutboundHttp } from "../../outbound/outbound_http.ts";

/** Age after which keys are fetched again. An unchanged list does not count for the rate limit. */
const MAX_AGE_MS = 10 * 60_000;
/** Least time between two requests, however many alerts name unknown keys. */
const MIN_INTERVAL_MS = 30_000;
/** GitHub waits 30 s for our response. */
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;
const RETRY_AFTER_SECONDS = 60;

/** Base64 of an ECDSA signature in DER, which starts with the byte of a sequence. */
const SIGNATURE = /^M[A-Za-z0-9+/]{8,200}={0,2}$/;

const keyList = z.object({
  public_keys: z.array(z.object({
    key_identifier: z.string(),
    key: z.string(),
    is_current: z.boolean(),
  })),
});

/**
 * The keys with which GitHub signs its secret scanning alerts
 * (https://docs.github.com/code-security/secret-scanning/secret-scanning-partnership-program).
 * They are cached with their ETag, because requests for them are rate limited.
 */
export class GithubKeys {
  #keys = new Map<string, KeyObject>();
  #etag?: string;
  #requestedAt = -Infinity;
  #receivedAt = -Infinity;
  #request?: Promise<void>;

  constructor(
    private readonly deps: {
      url: string;
      allowPrivate: boolean;
      clock: Clock;
      http: OutboundHttp;
    },
  ) {}

  /**
   * Whether `signature` (base64 of ASN.1 DER, ECDSA P-256 with SHA-256) is that of `body` with
   * the current key `keyId`.
   */
  async hasSigned(
    keyId: string,
    signature: string,
    body: Uint8Array,
  ): Promise<boolean | DomainError> {
    const key = await this.#find(keyId);
    if (key instanceof DomainError) return key;
    if (key === undefined || !SIGNATURE.test(signature)) return false;
    const bytes = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
    try {
      return verify("sha256", body, key, bytes);
    } catch {
      // Not the DER of a signature.
      return false;
    }
  }

  /** Whether `signature` has the format of a signature, and `keyId` is a current key. */
  async couldHaveSigned(keyId: string, signature: string): Promise<boolean | DomainError> {
    if (!SIGNATURE.test(signature)) return false;
    const key = await this.#find(keyId);
    return key instanceof DomainError ? key : key !== undefined;
  }

  async #find(keyId: string): Promise<KeyObject | undefined | DomainError> {
    const now = this.deps.clock.now();
    const isFresh = this.#keys.has(keyId) && now - this.#receivedAt < MAX_AGE_MS;
    if (!isFresh && Math.abs(now - this.#requestedAt) >= MIN_INTERVAL_MS) {
      this.#request ??= this.#fetch().finally(() => this.#request = undefined);
    }
    if (!isFresh) await this.#request;
    if (this.#receivedAt === -Infinity) {
      return new DomainError(
        "unavailable",
        "The keys of GitHub cannot be fetched at the moment. Try again in a minute.",
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    return this.#keys.get(keyId);
  }

  /** If this fails, the keys from before stay in use. */
  async #fetch(): Promise<void> {
    const { url, allowPrivate, clock, http } = this.deps;
    this.#requestedAt = clock.now();
    try {
      const { status, headers, body } = await http.request(url, {
        accept: "application/json, */*;q=0.1",
        headers: {
          "user-agent": "secret-scanning-partner",
          ...this.#etag !== undefined && { "if-none-match": this.#etag },
        },
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        // Operators may name this machine in the settings on purpose.
        allowPrivate: allowPrivate || isLoopbackHost(new URL(url).hostname),
      });
      if (status === 304) {
        this.#receivedAt = clock.now();
        return;
      }
      if (status !== 200) return;
      const list = z.safeParse(keyList, JSON.parse(new TextDecoder().decode(body)));
      if (!list.success) return;
      this.#keys = currentKeys(list.data);
      this.#etag = headers.get("etag") ?? undefined;
      this.#receivedAt = clock.now();
    } catch {
      // Unreachable or not JSON: the same as no response.
    }
  }
}

/** Without retired keys, which others may hold by now. */
function currentKeys(list: z.output<typeof keyList>): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier: id, key: pem, is_current: isCurrent } of list.public_keys) {
    if (!isCurrent) continue;
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType === "ec") keys.set(id, key);
    } catch {
      // A key type that this runtime does not support; others may still work.
    }
  }
  return keys;
}

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import * as z from "zod/mini";
import type { Clock } from "../../shared/clock.ts";
import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { isLoopbackHost } from "../config/parsers.ts";

/** Keys are asked for anew after so long, in ms; an unchanged list costs nothing of the rate limit. */
const MAX_AGE = 10 * 60_000;
/** Least time between two questions, whoever names unknown keys, in ms. */
const LEAST_INTERVAL = 30_000;
/** Longest wait, in ms: GitHub waits 30 s for our answer. */
const TIMEOUT = 10_000;
const MAX_BYTES = 256 * 1024;

/** Base64 of an ECDSA signature in DER, which begins with the byte of a sequence. */
const SIGNATURE = /^M[A-Za-z0-9+/]{8,200}={0,2}$/;

const keyList = z.object({
  public_keys: z.array(z.object({
    key_identifier: z.string(),
    key: z.string(),
    is_current: z.boolean(),
  })),
});

/** The keys cannot be had: whoever asked may try again later. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/**
 * The keys that sign GitHub's secret scanning alerts
 * (https://docs.github.com/code-security/secret-scanning/secret-scanning-partnership-program).
 * Kept, with their ETag, since the question is rate limited.
 */
export class SecretScanningKeys {
  #keys = new Map<string, KeyObject>();
  #etag?: string;
  #askedAt = -Infinity;
  #heardAt = -Infinity;
  #asking?: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly clock: Clock,
    private readonly http: OutboundHttp,
    private readonly allowPrivate: boolean,
  ) {}

  /**
   * Whether `signature` (base64 of ASN.1 DER, ECDSA P-256 with SHA-256) is that of
   * `body` by the current key `keyId`. Throws KeysUnavailable.
   */
  async hasSigned(keyId: string, signature: string, body: Uint8Array): Promise<boolean> {
    const key = await this.#find(keyId);
    if (key === undefined || !SIGNATURE.test(signature)) return false;
    const bytes = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
    try {
      return verify("sha256", body, key, bytes);
    } catch {
      // Not the DER of a signature at all.
      return false;
    }
  }

  /** Whether `signature` has the form of one, and `keyId` is a current key. Throws KeysUnavailable. */
  async mayHaveSigned(keyId: string, signature: string): Promise<boolean> {
    return SIGNATURE.test(signature) && await this.#find(keyId) !== undefined;
  }

  async #find(keyId: string): Promise<KeyObject | undefined> {
    const now = this.clock.now();
    const known = this.#keys.has(keyId) && now - this.#heardAt < MAX_AGE;
    if (!known && Math.abs(now - this.#askedAt) >= LEAST_INTERVAL) {
      this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
    }
    if (!known) await this.#asking;
    if (this.#heardAt === -Infinity) throw new KeysUnavailable("the keys cannot be had");
    return this.#keys.get(keyId);
  }

  /** Asks for the keys. Where that fails, those from before go on serving. */
  async #ask(): Promise<void> {
    this.#askedAt = this.clock.now();
    try {
      const { status, headers, body } = await this.http.request(this.url, {
        accept: "application/json, */*;q=0.1",
        headers: {
          "user-agent": "secret-scanning-partner",
          ...this.#etag !== undefined && { "if-none-match": this.#etag },
        },
        timeout: TIMEOUT,
        maxBytes: MAX_BYTES,
        // An operator who names this machine in the settings means it.
        allowPrivate: this.allowPrivate || isLoopbackHost(new URL(this.url).hostname),
      });
      if (status === 304) {
        this.#heardAt = this.clock.now();
        return;
      }
      if (status !== 200) return;
      const list = z.safeParse(keyList, JSON.parse(new TextDecoder().decode(body)));
      if (!list.success) return;
      this.#keys = currentKeys(list.data);
      this.#etag = headers.get("etag") ?? undefined;
      this.#heardAt = this.clock.now();
    } catch {
      // Unreachable, or no JSON: as if it had not answered.
    }
  }
}

/** Retired keys sign nothing any more, whoever holds them. */
function currentKeys({ public_keys: listed }: z.output<typeof keyList>): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier: id, key: pem, is_current: isCurrent } of listed) {
    if (!isCurrent) continue;
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyType === "ec") keys.set(id, key);
    } catch {
      // A kind of key we do not know; others may still serve.
    }
  }
  return keys;
}

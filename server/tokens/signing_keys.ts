import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
} from "jose";
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig, SigningAlgorithm } from "../config/server_config.ts";
import type { Encryption } from "../security/encryption.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  deleteSigningKey,
  encryptSigningKeys,
  insertSigningKey,
  listSigningKeys,
  scheduleSigningKey,
  type StoredSigningKey,
  withSigningKeysLocked,
} from "../store/signing_keys.ts";
import { longestRuleLifetime } from "../store/trust_rules.ts";

/** How long verifiers may cache the key set, in seconds. */
export const KEY_SET_MAX_AGE = 300;
/** A key is published this long before it signs, in seconds, so that all caches have it. */
const PUBLICATION_LEAD = 2 * KEY_SET_MAX_AGE;
/** Replicas reload the keys this often, since others may rotate them. */
const REFRESH_INTERVAL_MS = 30_000;
/** A key stays published this long after its last token expires, since clocks may lag. */
const GRACE_SECONDS = 300;

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  key: CryptoKey;
}

export type SigningKeyState = "next" | "scheduled" | "active" | "retiring";

/** The state of a key at `now`, which depends on the other keys. */
export function signingKeyState(
  key: StoredSigningKey,
  keys: readonly StoredSigningKey[],
  now: Date,
): SigningKeyState {
  if (key.activatesAt === undefined) return "next";
  if (key.activatesAt > now) return "scheduled";
  return key.kid === activeKey(keys, now)?.kid ? "active" : "retiring";
}

function activeKey(keys: readonly StoredSigningKey[], now: Date): StoredSigningKey | undefined {
  return keys
    .filter((key) => key.activatesAt !== undefined && key.activatesAt <= now)
    .sort((a, b) => b.activatesAt!.getTime() - a.activatesAt!.getTime())[0];
}

type KeyConfig = Pick<ServerConfig, "signingAlgorithm" | "keyRotation" | "accessTokenLifetime">;

/** The keys that sign our tokens. They are stored in the database and shared by all replicas. */
export class SigningKeys {
  #stored: StoredSigningKey[] = [];
  #imported = new Map<string, Promise<SigningKey>>();
  #verification?: { kids: string; find: ReturnType<typeof createLocalJWKSet> };
  #loadedAt = -Infinity;
  #loading?: Promise<void>;

  constructor(
    private readonly sql: Sql,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly config: KeyConfig,
  ) {}

  /** The key that signs now. */
  async active(): Promise<SigningKey> {
    await this.#refresh();
    const stored = activeKey(this.#stored, new Date(this.clock.now()));
    if (stored === undefined) throw new Error("no signing key is active");
    let imported = this.#imported.get(stored.kid);
    if (imported === undefined) {
      imported = importSigningKey(stored);
      this.#imported.set(stored.kid, imported);
    }
    return await imported;
  }

  /** The public keys (RFC 7517 section 5), including the next and the retiring ones. */
  async keySet(): Promise<JSONWebKeySet> {
    await this.#refresh();
    return { keys: this.#published().map((key) => key.publicJwk) };
  }

  /** The algorithms of all published keys, that of the active key first. */
  async algorithms(): Promise<SigningAlgorithm[]> {
    await this.#refresh();
    const active = activeKey(this.#stored, new Date(this.clock.now()));
    const keys = [...active === undefined ? [] : [active], ...this.#published()];
    return [...new Set(keys.map(({ algorithm }) => algorithm))];
  }

  /**
   * Returns a function that finds the key for a token. It is the same function as long as the key
   * set is the same, since it caches imported keys.
   */
  async verificationKeys(): Promise<ReturnType<typeof createLocalJWKSet>> {
    const keySet = await this.keySet();
    const kids = keySet.keys.map(({ kid }) => kid).join(" ");
    if (this.#verification?.kids !== kids) {
      this.#verification = { kids, find: createLocalJWKSet(keySet) };
    }
    return this.#verification.find;
  }

  async list(): Promise<StoredSigningKey[]> {
    await this.#load();
    return this.#published();
  }

  /**
   * Creates the first keys if there are none. Operators' commands call only this: their settings
   * may differ from the server's.
   */
  async ensureInitialKeys(): Promise<void> {
    await withSigningKeysLocked(this.sql, async (tx) => {
      const now = new Date(this.clock.now());
      if ((await listSigningKeys(tx, this.encryption, now)).length > 0) return;
      await this.#insertNew(tx, this.config.signingAlgorithm, now);
      await this.#insertNew(tx, this.config.signingAlgorithm);
    });
  }

  /**
   * Maintains the keys by the server's settings: creates the first and the next key, replaces the
   * next key if the algorithm has changed, rotates a key that is old enough, and sets when
   * a replaced key expires. Called at start and periodically, by any number of replicas.
   */
  async maintain(): Promise<void> {
    await withSigningKeysLocked(this.sql, async (tx) => {
      await encryptSigningKeys(tx, this.encryption);
      const now = new Date(this.clock.now());
      const keys = await listSigningKeys(tx, this.encryption, now);
      const algorithm = this.config.signingAlgorithm;
      const active = activeKey(keys, now);
      if (active === undefined) {
        await this.#insertNew(tx, algorithm, now);
      }
      const next = keys.find((key) => key.activatesAt === undefined);
      if (next !== undefined && next.algorithm !== algorithm) await deleteSigningKey(tx, next.kid);
      if (next?.algorithm !== algorithm) await this.#insertNew(tx, algorithm);
      const scheduled = keys.some((key) => key.activatesAt !== undefined && key.activatesAt > now);
      const due = active !== undefined &&
        (active.algorithm !== algorithm ||
          now.getTime() - active.activatesAt!.getTime() >= this.config.keyRotation * 1000);
      if (due && !scheduled) await this.#scheduleNext(tx, now, false);
      await this.#retireReplaced(tx, now);
    });
    await this.#load();
  }

  /**
   * Schedules the next key to sign as soon as every verifier has it, or immediately with `force`
   * (for a leaked key). Returns that time.
   */
  async rotate(force: boolean): Promise<Date> {
    const activatesAt = await withSigningKeysLocked(
      this.sql,
      (tx) => this.#scheduleNext(tx, new Date(this.clock.now()), force),
    );
    await this.#load();
    return activatesAt;
  }

  async #scheduleNext(tx: Transaction, now: Date, force: boolean): Promise<Date> {
    const keys = await listSigningKeys(tx, this.encryption, now);
    const waiting = keys.find((key) => key.activatesAt !== undefined && key.activatesAt > now);
    if (waiting !== undefined && !force) return waiting.activatesAt!;
    const next = waiting ?? keys.find((key) => key.activatesAt === undefined);
    if (next === undefined) throw new Error("there is no next signing key");
    const known = new Date(next.createdAt.getTime() + PUBLICATION_LEAD * 1000);
    const activatesAt = force || known < now ? now : known;
    await scheduleSigningKey(tx, next.kid, { activatesAt });
    if (waiting === undefined) await this.#insertNew(tx, next.algorithm);
    return activatesAt;
  }

  /**
   * A replaced key stays published until the last token that it may have signed expires. This time
   * is never moved forward: tokens that were signed before a change of settings stay valid.
   */
  async #retireReplaced(tx: Transaction, now: Date): Promise<void> {
    const longest = Math.max(this.config.accessTokenLifetime, await longestRuleLifetime(tx));
    const keys = (await listSigningKeys(tx, this.encryption, now))
      .filter((key) => key.activatesAt !== undefined)
      .sort((a, b) => a.activatesAt!.getTime() - b.activatesAt!.getTime());
    for (const [index, key] of keys.entries()) {
      const successor = keys[index + 1];
      if (successor === undefined) continue;
      const expiresAt = new Date(
        successor.activatesAt!.getTime() + (longest + GRACE_SECONDS) * 1000 + REFRESH_INTERVAL_MS,
      );
      if (key.expiresAt !== undefined && key.expiresAt >= expiresAt) continue;
      await scheduleSigningKey(tx, key.kid, { expiresAt });
    }
  }

  async #insertNew(
    tx: Transaction,
    algorithm: SigningAlgorithm,
    activatesAt?: Date,
  ): Promise<void> {
    // RFC 7518 section 3.3 asks for 2048 bits or more.
    const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
    const publicJwk: JWK = { ...await exportJWK(pair.publicKey), alg: algorithm, use: "sig" };
    // The thumbprint (RFC 7638), shortened to 96 bits to keep tokens small.
    publicJwk.kid = (await calculateJwkThumbprint(publicJwk)).slice(0, 16);
    await insertSigningKey(tx, this.encryption, {
      kid: publicJwk.kid,
      algorithm,
      publicJwk,
      privateJwk: await exportJWK(pair.privateKey),
      createdAt: new Date(this.clock.now()),
      activatesAt,
    });
  }

  #published(): StoredSigningKey[] {
    const now = this.clock.now();
    return this.#stored.filter((key) => !key.expiresAt || key.expiresAt.getTime() > now);
  }

  async #refresh(): Promise<void> {
    if (Math.abs(this.clock.now() - this.#loadedAt) < REFRESH_INTERVAL_MS) return;
    this.#loading ??= this.#load().finally(() => this.#loading = undefined);
    await this.#loading;
  }

  async #load(): Promise<void> {
    const now = this.clock.now();
    this.#stored = await listSigningKeys(this.sql, this.encryption, new Date(now));
    this.#loadedAt = now;
    for (const kid of this.#imported.keys()) {
      if (!this.#stored.some((key) => key.kid === kid)) this.#imported.delete(kid);
    }
  }
}

async function importSigningKey(stored: StoredSigningKey): Promise<SigningKey> {
  const key = await importJWK(stored.privateJwk, stored.algorithm) as CryptoKey;
  return { kid: stored.kid, algorithm: stored.algorithm, key };
}

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

/** How long verifiers may cache our key set, in seconds (Cache-Control of /oauth/jwks). */
export const KEY_SET_MAX_AGE = 300;
/** A key is published this long before it signs, in seconds, so that every cache knows it. */
const PUBLICATION_LEAD = 2 * KEY_SET_MAX_AGE;
/** Replicas look for changed keys this often, in ms. */
const REFRESH_INTERVAL = 30_000;
/** Verifiers' clocks may lag: a key stays this many seconds after its last token expired. */
const GRACE = 300;

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  key: CryptoKey;
}

export type SigningKeyState = "next" | "scheduled" | "active" | "retiring";

/** Says what a key does at `now`, among `keys`. */
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

/** The keys that sign our tokens: kept in the database, shared by all replicas. */
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

  /** The public keys a verifier needs (RFC 7517 section 5), next and retiring ones included. */
  async keySet(): Promise<JSONWebKeySet> {
    await this.#refresh();
    return { keys: this.#published().map((key) => key.publicJwk) };
  }

  /** Algorithms of all published keys, each once, the one that signs now first. */
  async algorithms(): Promise<SigningAlgorithm[]> {
    await this.#refresh();
    const active = activeKey(this.#stored, new Date(this.clock.now()));
    const keys = [...active === undefined ? [] : [active], ...this.#published()];
    return [...new Set(keys.map(({ algorithm }) => algorithm))];
  }

  /**
   * Finds the key that verifies one of our tokens. The same function as long as the set is the
   * same, since it caches imported keys.
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
   * Creates the first keys if there are none. An operator's command may do no more: its settings
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
   * Tends the keys by the server's settings: makes the first and the next one,
   * keys of a newly chosen algorithm, and the successor of a key that has signed
   * for long enough, and says how long a succeeded key stays published. Called
   * at start and now and then; any number of replicas may.
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
      await this.#retireSucceeded(tx, now);
    });
    await this.#load();
  }

  /**
   * Lets the next key take over as soon as every verifier can know it, or at
   * once if `force` is set (for a key that leaked). Returns when that is.
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
   * A key that has a successor stays until the last token it may have signed has expired. Once
   * set, that time only moves back: tokens live on as they were signed when settings change.
   */
  async #retireSucceeded(tx: Transaction, now: Date): Promise<void> {
    const longest = Math.max(this.config.accessTokenLifetime, await longestRuleLifetime(tx));
    const keys = (await listSigningKeys(tx, this.encryption, now))
      .filter((key) => key.activatesAt !== undefined)
      .sort((a, b) => a.activatesAt!.getTime() - b.activatesAt!.getTime());
    for (const [index, key] of keys.entries()) {
      const successor = keys[index + 1];
      if (successor === undefined) continue;
      const expiresAt = new Date(
        successor.activatesAt!.getTime() + (longest + GRACE) * 1000 + REFRESH_INTERVAL,
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
    // The thumbprint (RFC 7638), shortened: 96 bits distinguish our keys and keep tokens small.
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
    if (Math.abs(this.clock.now() - this.#loadedAt) < REFRESH_INTERVAL) return;
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

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
  privateJwkOf,
  scheduleSigningKey,
  type StoredSigningKey,
  withSigningKeysLocked,
} from "../store/signing_keys.ts";
import type { RegisteredResource } from "../resources/resource.ts";
import { longestClientLifetime } from "../store/clients.ts";
import { longestDelegation } from "../store/delegated_tokens.ts";
import { listResources } from "../store/resources.ts";
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
  const ofAlgorithm = keys.filter(({ algorithm }) => algorithm === key.algorithm);
  // An algorithm that is in use always has a next key.
  const isInUse = ofAlgorithm.some(({ activatesAt }) => activatesAt === undefined);
  const signing = activeKey(isInUse ? ofAlgorithm : keys, now);
  return key.kid === signing?.kid ? "active" : "retiring";
}

/** The key among `keys` that has become active last. */
function activeKey(keys: readonly StoredSigningKey[], now: Date): StoredSigningKey | undefined {
  return keys
    .filter((key) => key.activatesAt !== undefined && key.activatesAt <= now)
    .sort((a, b) => b.activatesAt!.getTime() - a.activatesAt!.getTime())[0];
}

function ofAlgorithm(
  keys: readonly StoredSigningKey[],
  algorithm: SigningAlgorithm,
): StoredSigningKey[] {
  return keys.filter((key) => key.algorithm === algorithm);
}

interface KeyConfig
  extends Pick<ServerConfig, "signingAlgorithm" | "keyRotation" | "accessTokenLifetime"> {
  resources: readonly Pick<RegisteredResource, "accessTokenLifetime" | "signingAlgorithm">[];
}

/**
 * The keys that sign our tokens. They are stored in the database and shared by all replicas. Each
 * algorithm in use has keys of its own, which replace each other: that of the settings, and those
 * that resources ask for.
 */
export class SigningKeys {
  #stored: StoredSigningKey[] = [];
  /** Those that only resources use. */
  #resourceAlgorithms: readonly SigningAlgorithm[] = [];
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

  /**
   * The key that signs now, of this algorithm if verifiers know one; without an algorithm, that of
   * the settings.
   */
  async active(algorithm: SigningAlgorithm = this.config.signingAlgorithm): Promise<SigningKey> {
    await this.#refresh();
    const stored = this.#active(algorithm);
    if (stored === undefined) throw new Error("no signing key is active");
    let imported = this.#imported.get(stored.kid);
    if (imported === undefined) {
      imported = importSigningKey(stored, this.encryption);
      imported.catch(() => this.#imported.delete(stored.kid));
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
    const active = this.#active(this.config.signingAlgorithm);
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

  /** Throws EncryptionKeyError if a key that signs, or will sign, has another secret key. */
  async verify(): Promise<void> {
    await this.#load();
    const now = new Date(this.clock.now());
    for (const stored of this.#stored) {
      if (signingKeyState(stored, this.#stored, now) === "retiring") continue;
      privateJwkOf(stored, this.encryption);
    }
  }

  /** Of each algorithm that signs: when its key was created, and when another one replaces it. */
  get schedule(): { algorithm: SigningAlgorithm; createdAt: Date; replacedAt: Date }[] {
    const now = new Date(this.clock.now());
    const algorithms = [this.config.signingAlgorithm, ...this.#resourceAlgorithms];
    return algorithms.flatMap((algorithm) => {
      const keys = ofAlgorithm(this.#stored, algorithm);
      const active = activeKey(keys, now);
      if (active?.activatesAt === undefined) return [];
      const scheduled = keys.map(({ activatesAt }) => activatesAt?.getTime() ?? 0)
        .filter((time) => time > now.getTime());
      const replacedAt = scheduled.length > 0
        ? Math.min(...scheduled)
        : active.activatesAt.getTime() + this.config.keyRotation * 1000;
      return [{ algorithm, createdAt: active.createdAt, replacedAt: new Date(replacedAt) }];
    });
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
      if ((await listSigningKeys(tx, now)).length > 0) return;
      for (const algorithm of await this.#algorithmsInUse(tx)) {
        await this.#insertNew(tx, algorithm, now);
        await this.#insertNew(tx, algorithm);
      }
    });
  }

  /**
   * Maintains the keys by the server's settings and resources: creates the first and the next key
   * of each algorithm, deletes the next key of one that is not in use, rotates a key that is old
   * enough, and sets when a replaced key expires. Called at start and periodically, by any number
   * of replicas.
   */
  async maintain(): Promise<void> {
    await withSigningKeysLocked(this.sql, async (tx) => {
      await encryptSigningKeys(tx, this.encryption);
      const now = new Date(this.clock.now());
      const keys = await listSigningKeys(tx, now);
      const algorithms = await this.#algorithmsInUse(tx);
      for (const { kid, algorithm, activatesAt } of keys) {
        if (activatesAt === undefined && !algorithms.includes(algorithm)) {
          await deleteSigningKey(tx, kid);
        }
      }
      const isFirst = activeKey(keys, now) === undefined;
      for (const algorithm of algorithms) {
        await this.#maintainAlgorithm(tx, {
          keys: ofAlgorithm(keys, algorithm),
          algorithm,
          isFirst,
        });
      }
      await this.#retireReplaced(tx, now);
    });
    await this.#load();
  }

  async #maintainAlgorithm(
    tx: Transaction,
    { keys, algorithm, isFirst }: {
      keys: readonly StoredSigningKey[];
      algorithm: SigningAlgorithm;
      /** Without any key that signs, no verifier waits for the publication of one. */
      isFirst: boolean;
    },
  ): Promise<void> {
    const now = new Date(this.clock.now());
    if (isFirst) await this.#insertNew(tx, algorithm, now);
    if (!keys.some(({ activatesAt }) => activatesAt === undefined)) {
      await this.#insertNew(tx, algorithm);
    }
    if (isFirst || keys.some(({ activatesAt }) => activatesAt !== undefined && activatesAt > now)) {
      return;
    }
    const active = activeKey(keys, now);
    // One that expires although nothing replaces it belonged to an algorithm out of use.
    const isDue = active?.activatesAt === undefined || active.expiresAt !== undefined ||
      now.getTime() - active.activatesAt.getTime() >= this.config.keyRotation * 1000;
    if (isDue) await this.#scheduleNext(tx, now, { algorithm, force: false });
  }

  /** That of the settings first. Without the catalog, since keys exist before the issuer is known. */
  async #algorithmsInUse(sql: Sql | Transaction): Promise<SigningAlgorithm[]> {
    const resources = [...this.config.resources, ...await listResources(sql)];
    const requested = resources.map(({ signingAlgorithm }) => signingAlgorithm)
      .filter((algorithm) => algorithm !== undefined);
    return [...new Set([this.config.signingAlgorithm, ...requested])];
  }

  /**
   * Schedules the next key of each algorithm to sign as soon as every verifier has it, or
   * immediately with `force` (for a leaked key). Returns when all of them do.
   */
  async rotate(force: boolean): Promise<Date> {
    const activatesAt = await withSigningKeysLocked(this.sql, async (tx) => {
      const now = new Date(this.clock.now());
      const keys = await listSigningKeys(tx, now);
      const algorithms = new Set(
        keys.filter((key) => key.activatesAt === undefined).map(({ algorithm }) => algorithm),
      );
      let latest = now;
      for (const algorithm of algorithms) {
        const at = await this.#scheduleNext(tx, now, { algorithm, force });
        if (at > latest) latest = at;
      }
      return latest;
    });
    await this.#load();
    return activatesAt;
  }

  async #scheduleNext(
    tx: Transaction,
    now: Date,
    { algorithm, force }: { algorithm: SigningAlgorithm; force: boolean },
  ): Promise<Date> {
    const keys = ofAlgorithm(await listSigningKeys(tx, now), algorithm);
    const waiting = keys.find((key) => key.activatesAt !== undefined && key.activatesAt > now);
    if (waiting !== undefined && !force) return waiting.activatesAt!;
    const next = waiting ?? keys.find((key) => key.activatesAt === undefined);
    if (next === undefined) throw new Error("there is no next signing key");
    const known = new Date(next.createdAt.getTime() + PUBLICATION_LEAD * 1000);
    const activatesAt = force || known < now ? now : known;
    await scheduleSigningKey(tx, next.kid, { activatesAt });
    if (waiting === undefined) await this.#insertNew(tx, algorithm);
    return activatesAt;
  }

  /**
   * A replaced key stays published until the last token that it may have signed expires. This time
   * is never moved forward: tokens that were signed before a change of settings stay valid.
   */
  async #retireReplaced(tx: Transaction, now: Date): Promise<void> {
    const longest = await this.#longestLifetime(tx, now);
    const algorithms = await this.#algorithmsInUse(tx);
    const keys = (await listSigningKeys(tx, now))
      .filter((key) => key.activatesAt !== undefined)
      .sort((a, b) => a.activatesAt!.getTime() - b.activatesAt!.getTime());
    for (const key of keys) {
      const replacedAt = replacementTime(key, { keys, algorithms, now });
      if (replacedAt === undefined) continue;
      const expiresAt = new Date(
        replacedAt.getTime() + (longest + GRACE_SECONDS) * 1000 + REFRESH_INTERVAL_MS,
      );
      if (key.expiresAt !== undefined && key.expiresAt >= expiresAt) continue;
      await scheduleSigningKey(tx, key.kid, { expiresAt });
    }
  }

  /** Seconds: of all tokens that may be valid now. */
  async #longestLifetime(tx: Transaction, now: Date): Promise<number> {
    const resources = [...this.config.resources, ...await listResources(tx)];
    return Math.max(
      this.config.accessTokenLifetime,
      await longestRuleLifetime(tx),
      await longestClientLifetime(tx),
      await longestDelegation(tx, now),
      ...resources.map(({ accessTokenLifetime = 0 }) => accessTokenLifetime),
    );
  }

  /**
   * The key of `algorithm` that signs or, until verifiers know one, the key of the settings. While
   * their algorithm changes, that is still the one before, and not one that only resources use.
   */
  #active(algorithm: SigningAlgorithm): StoredSigningKey | undefined {
    const now = new Date(this.clock.now());
    const others = this.#stored.filter((key) => !this.#resourceAlgorithms.includes(key.algorithm));
    return activeKey(ofAlgorithm(this.#stored, algorithm), now) ??
      activeKey(ofAlgorithm(this.#stored, this.config.signingAlgorithm), now) ??
      activeKey(others, now) ?? activeKey(this.#stored, now);
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
    this.#stored = await listSigningKeys(this.sql, new Date(now));
    this.#resourceAlgorithms = (await this.#algorithmsInUse(this.sql)).slice(1);
    this.#loadedAt = now;
    for (const kid of this.#imported.keys()) {
      if (!this.#stored.some((key) => key.kid === kid)) this.#imported.delete(kid);
    }
  }
}

/** When a key stops to sign; undefined: not yet. */
function replacementTime(
  key: StoredSigningKey,
  { keys, algorithms, now }: {
    /** Those that sign or have signed, in that order. */
    keys: readonly StoredSigningKey[];
    algorithms: readonly SigningAlgorithm[];
    now: Date;
  },
): Date | undefined {
  const later = keys.slice(keys.indexOf(key) + 1);
  const successor = later.find(({ algorithm }) => algorithm === key.algorithm);
  if (successor !== undefined || algorithms.includes(key.algorithm)) return successor?.activatesAt;
  // Its algorithm is out of use: replaced by a key of the settings, now or once verifiers know it.
  const replacement = later.find(({ algorithm }) => algorithm === algorithms[0]);
  return replacement?.activatesAt ?? (key.expiresAt === undefined ? now : undefined);
}

async function importSigningKey(
  stored: StoredSigningKey,
  encryption: Encryption,
): Promise<SigningKey> {
  const key = await importJWK(privateJwkOf(stored, encryption), stored.algorithm) as CryptoKey;
  return { kid: stored.kid, algorithm: stored.algorithm, key };
}

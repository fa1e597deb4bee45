import {
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
import { DatabaseUnreachable } from "../store/db/postgres_dial.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  deleteExpiredSigningKey,
  deleteSigningKey,
  encryptSigningKeys,
  insertExternalKey,
  insertSigningKey,
  listSigningKeys,
  privateJwkOf,
  reactivateSigningKey,
  recordRemovedKey,
  scheduleSigningKey,
  type StoredSigningKey,
  wasKeyRemoved,
  withSigningKeysLocked,
} from "../store/signing_keys.ts";
import type { RegisteredResource } from "../resources/resource.ts";
import type { ExternalSigner } from "./external_signer.ts";
import { KeyError, type OperatorKey } from "./import_key.ts";
import { keyId } from "./key_id.ts";
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
/** This often while no notification of a removed key would arrive. */
const UNNOTIFIED_INTERVAL_MS = 800;
/** How long the key set is published while the database cannot be asked for changes. */
const MAX_OUTAGE_MS = 3_600_000;
/** A key stays published this long after its last token expires, since clocks may lag. */
const GRACE_SECONDS = 300;

export interface SigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  /** The signature of the signing input of JWS (RFC 7515 section 5.1). */
  sign(input: Uint8Array): Promise<Uint8Array>;
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
  // An algorithm that is in use always has a next key, unless its keys are not in the database.
  const isInUse = ofAlgorithm.some(({ activatesAt, source }) =>
    activatesAt === undefined || source !== undefined
  );
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

interface KeyConfig extends
  Pick<
    ServerConfig,
    | "signingAlgorithm"
    | "keyRotation"
    | "accessTokenLifetime"
    | "signingKeyFile"
    | "signingKeyCommand"
  > {
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
  /** Counts invalidations, so that what was read before one does not count after it. */
  #invalidations = 0;
  #isNotified = () => true;

  constructor(
    private readonly sql: Sql,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly config: KeyConfig,
    /** Sign in place of the keys in the database for their algorithms: the first one of each. */
    private readonly signers: readonly ExternalSigner[] = [],
  ) {}

  /** Throws SigningUnavailable if nothing can be signed now: before a grant is used up. */
  async ready(): Promise<void> {
    if (this.signers.length === 0) return;
    await this.#refresh();
    // One whose key was removed does not sign any more.
    const inUse = this.signers.filter(({ kid }) => this.#stored.some((key) => key.kid === kid));
    await Promise.all(inUse.map((signer) => signer.ready()));
  }

  /** `report` is called with the reason why nothing could be signed. */
  reportFailures(report: (reason: string) => void): void {
    for (const signer of this.signers) signer.onFailure = report;
  }

  /**
   * The key that signs now, of this algorithm if verifiers know one; without an algorithm, that of
   * the settings.
   */
  async active(algorithm: SigningAlgorithm = this.config.signingAlgorithm): Promise<SigningKey> {
    await this.#refresh();
    const stored = this.#active(algorithm);
    if (stored === undefined) throw new Error("no signing key is active");
    const signer = this.#signerOf(stored);
    if (signer !== undefined) {
      return { kid: stored.kid, algorithm: stored.algorithm, sign: (input) => signer.sign(input) };
    }
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
    await this.#refresh().catch((error) => {
      // During an outage of the database, APIs can go on to verify tokens.
      const age = Math.abs(this.clock.now() - this.#loadedAt);
      if (!(error instanceof DatabaseUnreachable) || age > MAX_OUTAGE_MS) throw error;
    });
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
    await this.#reload();
    const now = new Date(this.clock.now());
    for (const stored of this.#stored) {
      if (
        stored.source !== undefined || signingKeyState(stored, this.#stored, now) === "retiring"
      ) continue;
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

  /**
   * Reads the keys again, since another replica has changed them; what uses keys meanwhile waits for
   * it. Returns whether one is gone.
   */
  async reload(): Promise<boolean> {
    const before = this.#stored.map(({ kid }) => kid);
    await this.#reload();
    const after = new Set(this.#stored.map(({ kid }) => kid));
    return before.some((kid) => !after.has(kid));
  }

  /** `isNotified` says whether a change by another replica would call `reload` within a second. */
  follow(isNotified: () => boolean): void {
    this.#isNotified = isNotified;
  }

  async list(): Promise<StoredSigningKey[]> {
    await this.#reload();
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
      // The server adds them: a generated key would be in the database.
      if (this.config.signingKeyFile ?? this.config.signingKeyCommand) return;
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
      const ownAlgorithms = await this.#maintainExternal(tx, { keys, algorithms });
      for (const algorithm of algorithms) {
        if (ownAlgorithms.includes(algorithm)) continue;
        // Of another replica, which has a signer that this one does not have.
        if (isSignedOutside(ofAlgorithm(keys, algorithm))) continue;
        await this.#maintainAlgorithm(tx, {
          keys: ofAlgorithm(keys, algorithm),
          algorithm,
          isFirst,
        });
      }
      await this.#retireReplaced(tx, now);
    });
    await this.#reload();
  }

  /**
   * Publishes the keys of the external signers, has them sign once verifiers know them, and deletes
   * generated keys of their algorithms that have not signed yet. Returns these algorithms.
   */
  async #maintainExternal(
    tx: Transaction,
    { keys, algorithms }: {
      keys: readonly StoredSigningKey[];
      algorithms: readonly SigningAlgorithm[];
    },
  ): Promise<SigningAlgorithm[]> {
    const maintained: SigningAlgorithm[] = [];
    const now = new Date(this.clock.now());
    for (const [index, { kid, algorithm, publicJwk, source }] of this.signers.entries()) {
      if (await wasKeyRemoved(tx, await idsOf({ kid, publicJwk }))) continue;
      if (!algorithms.includes(algorithm)) {
        throw new KeyError(
          `the key of signing_key_${source} signs with ${algorithm}, which is not in use: set ` +
            `signing_algorithm to ${algorithm}`,
        );
      }
      const known = keys.find((key) => key.kid === kid);
      if (known !== undefined && !isSameKey(known.publicJwk, publicJwk)) {
        throw new KeyError(
          `the key of signing_key_${source} has the kid ${kid} of another key, whose tokens ` +
            "verifiers could not distinguish from its own: give it another kid, or none",
        );
      }
      const isPreferred = !maintained.includes(algorithm);
      maintained.push(algorithm);
      const ofSame = ofAlgorithm(keys, algorithm);
      for (const key of ofSame) {
        const isWaiting = key.activatesAt === undefined || key.activatesAt > now;
        if (key.source === undefined && isWaiting) await deleteSigningKey(tx, key.kid);
      }
      if (known !== undefined) {
        // The settings have returned to it after another one: it would expire while it signs.
        const isRetiring = signingKeyState(known, keys, now) === "retiring";
        if (isPreferred && isRetiring) await reactivateSigningKey(tx, { kid, activatesAt: now });
        continue;
      }
      await deleteExpiredSigningKey(tx, { kid, now });
      // Without a key that could sign meanwhile, verifiers have to fetch this one when they see it.
      const canWait = activeKey(keys.filter((key) => this.#canSignWith(key)), now) !== undefined;
      const activatesAt = new Date(now.getTime() + (canWait ? PUBLICATION_LEAD * 1000 : 0) - index);
      await insertExternalKey(tx, {
        kid,
        algorithm,
        publicJwk,
        source,
        createdAt: now,
        activatesAt,
      });
      await this.#recordRotation(tx, { kid, algorithm, activatesAt }, `signing_key_${source}`);
    }
    return maintained;
  }

  #signerOf({ kid, source }: StoredSigningKey): ExternalSigner | undefined {
    return source === undefined ? undefined : this.signers.find((signer) => signer.kid === kid);
  }

  /** Another replica may have a signer that this one does not have. */
  #canSignWith(key: StoredSigningKey): boolean {
    return key.source === undefined || this.#signerOf(key) !== undefined;
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
    if (!isDue) return;
    const activatesAt = await this.#scheduleNext(tx, now, { algorithm, force: false });
    const scheduled = ofAlgorithm(await listSigningKeys(tx, now), algorithm)
      .find((key) => key.activatesAt?.getTime() === activatesAt.getTime());
    if (scheduled === undefined) return;
    await this.#recordRotation(tx, { ...scheduled, activatesAt }, "key_rotation");
  }

  /** `setting`: the one that asked for it, without an operator. */
  async #recordRotation(
    tx: Transaction,
    { kid, algorithm, activatesAt }: Pick<StoredSigningKey, "kid" | "algorithm"> & {
      activatesAt: Date;
    },
    setting: string,
  ): Promise<void> {
    await recordAuditEvent(tx, this.clock, {
      event: "signing_key.rotated",
      actor: "server",
      subject: kid,
      details: { algorithm, activates_at: activatesAt.toISOString(), setting },
    });
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
    await this.#reload();
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
   * Removes a key that has leaked: it is not published any more, and its tokens are not valid. If it
   * signs, another key of its algorithm does at once. Undefined: there is no such key.
   */
  async remove(kid: string): Promise<{ state: SigningKeyState } | undefined> {
    const state = await this.removeWithin(this.sql, kid);
    await this.#reload();
    return state === undefined ? undefined : { state };
  }

  /**
   * As `remove`, in a transaction; `reload` follows its end. `evenIfUnknown`: a key that is not
   * there is never accepted either.
   */
  async removeWithin(
    sql: Sql | Transaction,
    kid: string,
    { evenIfUnknown = false } = {},
  ): Promise<SigningKeyState | undefined> {
    return await withSigningKeysLocked(sql, async (tx) => {
      const now = new Date(this.clock.now());
      const keys = await listSigningKeys(tx, now);
      const key = keys.find((stored) => stored.kid === kid);
      if (key === undefined) {
        if (evenIfUnknown) await recordRemovedKey(tx, { kids: [kid], now });
        return undefined;
      }
      const state = signingKeyState(key, keys, now);
      const { algorithm } = key;
      const others = ofAlgorithm(keys, algorithm).filter((stored) => stored !== key);
      await deleteSigningKey(tx, kid);
      await recordRemovedKey(tx, { kids: await idsOf(key), now });
      const isInUse = state === "active" || state === "next" || state === "scheduled";
      if (isInUse && !others.some(({ activatesAt }) => activatesAt === undefined)) {
        await this.#insertNew(tx, algorithm);
      }
      if (state === "active") await this.#scheduleNext(tx, now, { algorithm, force: true });
      return state;
    });
  }

  /**
   * Adds a key of the operator as the next one of its algorithm, in place of the one that was
   * generated. It signs when it is rotated to, or with `activate` as soon as verifiers have it.
   */
  async add(
    key: OperatorKey,
    { activate, force }: { activate: boolean; force: boolean },
  ): Promise<{ activatesAt?: Date } | "exists" | "was_removed" | "not_in_use"> {
    const { kid, algorithm } = key;
    const added = await withSigningKeysLocked(this.sql, async (tx) => {
      const now = new Date(this.clock.now());
      const keys = await listSigningKeys(tx, now);
      if (keys.some((stored) => stored.kid === kid || isSameKey(stored.publicJwk, key.publicJwk))) {
        return "exists" as const;
      }
      if (await wasKeyRemoved(tx, await idsOf(key))) return "was_removed" as const;
      await deleteExpiredSigningKey(tx, { kid, now });
      const next = ofAlgorithm(keys, algorithm).filter(({ activatesAt }) =>
        activatesAt === undefined
      );
      if (next.length === 0) return "not_in_use" as const;
      for (const { kid } of next) await deleteSigningKey(tx, kid);
      await insertSigningKey(tx, this.encryption, { ...key, createdAt: now });
      if (!activate) return {};
      // One that is scheduled would sign before it, or be activated in its place.
      const waiting = ofAlgorithm(keys, algorithm)
        .filter(({ activatesAt }) => activatesAt !== undefined && activatesAt > now);
      for (const { kid } of waiting) await deleteSigningKey(tx, kid);
      return { activatesAt: await this.#scheduleNext(tx, now, { algorithm, force }) };
    });
    await this.#reload();
    return added;
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
    const stored = this.#stored.filter((key) => this.#canSignWith(key));
    const others = stored.filter((key) => !this.#resourceAlgorithms.includes(key.algorithm));
    return activeKey(ofAlgorithm(stored, algorithm), now) ??
      activeKey(ofAlgorithm(stored, this.config.signingAlgorithm), now) ??
      activeKey(others, now) ?? activeKey(stored, now);
  }

  async #insertNew(
    tx: Transaction,
    algorithm: SigningAlgorithm,
    activatesAt?: Date,
  ): Promise<void> {
    // RFC 7518 section 3.3 asks for 2048 bits or more.
    const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
    const publicJwk: JWK = { ...await exportJWK(pair.publicKey), alg: algorithm, use: "sig" };
    publicJwk.kid = await keyId(publicJwk);
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

  async #reload(): Promise<void> {
    this.#invalidations++;
    this.#loadedAt = -Infinity;
    this.#loading = undefined;
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    for (;;) {
      const age = Math.abs(this.clock.now() - this.#loadedAt);
      const isRecent = age < REFRESH_INTERVAL_MS;
      if (isRecent && (this.#isNotified() || age < UNNOTIFIED_INTERVAL_MS)) return;
      const invalidations = this.#invalidations;
      const loading = this.#loading ??= this.#load().finally(() => {
        if (this.#loading === loading) this.#loading = undefined;
      });
      try {
        await loading;
      } catch (error) {
        // Nothing can be removed where the database cannot be reached.
        if (!isRecent) throw error;
        return;
      }
      if (invalidations === this.#invalidations) return;
    }
  }

  async #load(): Promise<void> {
    const invalidations = this.#invalidations;
    const now = this.clock.now();
    const stored = await listSigningKeys(this.sql, new Date(now));
    const algorithms = await this.#algorithmsInUse(this.sql);
    if (invalidations !== this.#invalidations) return;
    this.#stored = stored;
    this.#resourceAlgorithms = algorithms.slice(1);
    this.#loadedAt = now;
    for (const kid of this.#imported.keys()) {
      if (!this.#stored.some((key) => key.kid === kid)) this.#imported.delete(kid);
    }
  }
}

/** Whether the key that signs, or will sign, is not in the database. */
function isSignedOutside(keys: readonly StoredSigningKey[]): boolean {
  const latest = keys.filter(({ activatesAt }) => activatesAt !== undefined)
    .sort((a, b) => b.activatesAt!.getTime() - a.activatesAt!.getTime())[0];
  return latest?.source !== undefined;
}

/** By the members of RFC 7638, which identify a public key. */
function isSameKey(a: JWK, b: JWK): boolean {
  return (["kty", "crv", "x", "y", "n", "e"] as const).every((name) => a[name] === b[name]);
}

/** Its kid, which the operator may have chosen, and the one that is derived from the key. */
async function idsOf(
  { kid, publicJwk }: Pick<StoredSigningKey, "kid" | "publicJwk">,
): Promise<string[]> {
  return [...new Set([kid, await keyId(publicJwk)])];
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
  const parameters = stored.algorithm === "ES256"
    ? { name: "ECDSA", hash: "SHA-256" }
    : key.algorithm;
  return {
    kid: stored.kid,
    algorithm: stored.algorithm,
    sign: async (input) =>
      new Uint8Array(
        await crypto.subtle.sign(parameters, key, input as Uint8Array<ArrayBuffer>),
      ),
  };
}

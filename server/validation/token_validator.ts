import type { Clock } from "../../shared/clock.ts";
import type { Log } from "../log.ts";
import { withBackOff } from "../back_off.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import type { Resource } from "../resources/resource.ts";
import type { CacheInvalidation } from "../store/db/cache_invalidation.ts";
import type { Database } from "../store/db/connect.ts";
import { bindsValues } from "../store/sealing.ts";
import { findOwnerRecord, findTokensForValidation } from "../store/pats/find.ts";
import type { OwnerRecord, TokenRecord } from "../store/pats/types.ts";
import type { Encryption } from "../security/encryption.ts";
import { inTurnOf } from "../request_context.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import type { Series } from "../telemetry/instruments.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import { BatchLoader } from "./batch_loader.ts";
import { ClientCache } from "./client_cache.ts";
import { InvalidatingCache } from "./invalidating_cache.ts";
import { LastUsedRecorder } from "./last_used_recorder.ts";
import { loadAccessToken, validatedPat, type ValidationCatalog } from "./load_token.ts";
import { PresentedTokens } from "./presented_tokens.ts";
import { TokenFormats } from "./token_formats.ts";
import type { ValidatedToken, ValidationResult } from "./validated_token.ts";

/** About 100 MB when full. */
const MAX_TOKENS = 100_000;
const MAX_OWNERS = 20_000;

/** What an operation invalidates after it has removed a signing key. */
export const REMOVED_KEY = "signing_keys:removed";

export interface TokenValidatorDeps {
  database: Pick<Database, "sql" | "listen" | "outages">;
  /** How long remembered tokens count during an outage of the database, in seconds. */
  outageGrace?: number;
  clock: Clock;
  log: Log;
  issuer: string;
  keys: SigningKeys;
  encryption: Encryption;
  catalog: ValidationCatalog & Pick<ResourceCatalog, "default" | "reload" | "scopes">;
  metrics: ValidationMetrics;
}

type ValidationMetrics = Pick<
  Metrics,
  | "tokenValidations"
  | "cacheLookups"
  | "cacheEntries"
  | "cacheFresh"
  | "databaseUp"
  | "databaseOutages"
  | "rememberedValidations"
>;

export type AcceptedResource = Resource | ((name: string) => boolean);

/** Where a token is used, as far as known. */
export interface UsedFrom {
  /** Undefined: unknown, so a token that is bound to networks is rejected. */
  address?: string;
  userAgent?: string;
  /** What `performance.now()` has just returned, if the caller has called it: it takes long. */
  at?: number;
  /** Whose turn a look-up takes at the database, where that is not the request's network. */
  line?(): string;
}

/**
 * Validates personal access tokens and JWTs. A cached token takes one SHA-256 and one look-up,
 * another one a read of an index. The database reports changes, which invalidate the cache.
 */
export class TokenValidator {
  /** Authenticated clients, invalidated together with the tokens. */
  readonly clients: ClientCache;
  readonly lastUsed: LastUsedRecorder;
  #tokens: InvalidatingCache<ValidatedToken>;
  #owners: InvalidatingCache<OwnerRecord>;
  #presented = new PresentedTokens();
  #records: BatchLoader<TokenRecord>;
  #formats: TokenFormats;
  #invalidation?: CacheInvalidation;
  #closing = new AbortController();
  /** How many results of each kind there were. */
  #results = new Map<ValidationResult["state"], Series>();

  private constructor(private readonly deps: TokenValidatorDeps) {
    const { sql } = deps.database;
    const isFresh = (now?: number) => this.#invalidation?.isFresh(now) ?? false;
    this.clients = new ClientCache(sql, deps.clock, isFresh, () => this.#isInGrace());
    this.lastUsed = new LastUsedRecorder(sql, deps.log);
    this.#tokens = new InvalidatingCache(MAX_TOKENS, isFresh);
    this.#owners = new InvalidatingCache(MAX_OWNERS, isFresh);
    this.#formats = new TokenFormats(sql, deps.encryption, deps.log);
    this.#records = new BatchLoader((hashes) => findTokensForValidation(sql, hashes));
    this.#exposeCaches(deps.metrics);
  }

  static async start(deps: TokenValidatorDeps): Promise<TokenValidator> {
    const validator = new TokenValidator(deps);
    await validator.#formats.reload();
    deps.keys.follow(() => validator.#invalidation?.isFresh() ?? false);
    validator.#invalidation = await deps.database.listen({
      invalidate: (subject) => validator.invalidate(subject),
      clear: () => {
        validator.#clear();
        void validator.#reloadKeys();
        void validator.reloadCatalog();
        void validator.reloadFormats();
        void validator.#reloadSealing();
      },
      onOutage: (reason) => {
        deps.metrics.databaseUp.set({}, 0);
        deps.metrics.databaseOutages.increase({});
        const grace = deps.outageGrace;
        deps.log("error", "database_unreachable", {
          reason,
          ...grace !== undefined && { remembered_tokens_count_for_s: grace },
        });
      },
      onRecovery: (outageMs) => {
        deps.metrics.databaseUp.set({}, 1);
        deps.log("info", "database_back", { after_s: Math.round(outageMs / 1000) });
      },
      onOldPrimary: ({ old, current }) =>
        deps.log("error", "old_primary", {
          server: old,
          replaced_by: current,
          reason: "it accepts writes although another server was promoted: stop it",
        }),
      onNotificationsLost: (reason) => deps.log("warn", "channel_lost", { reason }),
      onNotificationsBack: (lostMs) =>
        deps.log("info", "channel_back", { after_s: Math.round(lostMs / 1000) }),
    });
    deps.metrics.databaseUp.set({}, 1);
    return validator;
  }

  /**
   * Validates a token that is used with `resource`, and records the use. Synchronous if cached. A
   * caller that serves several resources says which of them it accepts, by their names.
   */
  validate(
    token: string,
    from: UsedFrom,
    resource: AcceptedResource = this.deps.catalog.default,
  ): ValidationResult | Promise<ValidationResult> {
    const key = this.#presented.hashOf(token);
    const cached = this.#tokens.get(key, from.at);
    return cached === undefined
      ? this.#loadAndEvaluate(token, key, from, resource)
      : this.#counted(this.#evaluate(cached, from, resource));
  }

  /**
   * As `validate`, but while the database is unreachable, for the time that the operator allows,
   * the result is what is remembered of the token.
   */
  validateOrRemember(
    token: string,
    from: UsedFrom,
    resource: AcceptedResource = this.deps.catalog.default,
  ): ValidationResult | Promise<ValidationResult> {
    const result = this.#remembered(token, from, resource) ?? this.validate(token, from, resource);
    if (!(result instanceof Promise) || this.deps.outageGrace === undefined) return result;
    // The outage may be noticed while this waits for the database.
    return result.catch((error) => {
      const remembered = this.#remembered(token, from, resource);
      if (remembered === undefined) throw error;
      return remembered;
    });
  }

  #remembered(
    token: string,
    from: UsedFrom,
    resource: AcceptedResource,
  ): ValidationResult | undefined {
    if (!this.#isInGrace()) return undefined;
    const remembered = this.#tokens.remembered(this.#presented.hashOf(token));
    if (remembered === undefined) return undefined;
    const result = this.#counted(this.#evaluate(remembered, from, resource));
    if (result.state !== "active") return result;
    this.deps.metrics.rememberedValidations.increase({});
    return { ...result, remembered: true };
  }

  /**
   * Only while the database is unreachable, and never for longer after the last proof that no
   * change was missed.
   */
  #isInGrace(): boolean {
    const { outageGrace, database } = this.deps;
    return outageGrace !== undefined && database.outages?.outage !== undefined &&
      this.#invalidation !== undefined && this.#invalidation.staleness() <= outageGrace * 1000;
  }

  /**
   * Removes from the caches of this replica what depends on `subject`. The database reports the
   * change to all replicas within a second; code that makes one calls this so that its own
   * replica has it at once.
   */
  invalidate(subject: string): void {
    if (subject.startsWith("resource:")) void this.reloadCatalog();
    if (subject.startsWith("token_format:")) void this.reloadFormats();
    if (subject.startsWith("sealing:")) void this.#reloadSealing();
    if (subject === REMOVED_KEY) this.#clear();
    else if (subject.startsWith("signing_keys:")) void this.#reloadKeys();
    for (const cache of this.#caches()) cache.invalidate(subject);
  }

  /** Stops listening and writes the recorded uses. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#presented[Symbol.dispose]();
    await this.#invalidation?.close();
    await this.lastUsed.close();
  }

  #clear(): void {
    for (const cache of this.#caches()) cache.clear();
  }

  /**
   * Has the catalog of resources read again, for code that changes one: as the database reports it,
   * but finished when this returns. Tokens are cached with what the catalog had for them.
   */
  async reloadCatalog(): Promise<void> {
    const { signal } = this.#closing;
    const isChanged = await withBackOff(() => this.deps.catalog.reload(), () => true, signal)
      .catch(() => false);
    if (isChanged) this.#clear();
  }

  /** Has the formats of imported tokens read again. */
  async reloadFormats(): Promise<void> {
    const { signal } = this.#closing;
    await withBackOff(() => this.#formats.reload(), () => true, signal).catch(() => {});
    this.#clear();
  }

  /** An operator may have removed a key: what it has signed is not valid any more. */
  async #reloadKeys(): Promise<void> {
    const { signal } = this.#closing;
    const isRemoved = await withBackOff(() => this.deps.keys.reload(), () => true, signal)
      .catch(() => false);
    if (isRemoved) this.#clear();
  }

  /** An operator may have allowed the format of encrypted values that is bound to their row. */
  async #reloadSealing(): Promise<void> {
    const { database: { sql }, encryption } = this.deps;
    const { signal } = this.#closing;
    const isBound = await withBackOff(() => bindsValues(sql), () => true, signal).catch(() =>
      false
    );
    if (isBound) encryption.bindsValues = true;
  }

  /** The hashes (in hex) by which a text may be stored as a personal access token. */
  patHashes(text: string): string[] {
    return this.#formats.hashesOf(text);
  }

  /** Of look-ups that wait for the database. */
  get queueState(): BatchLoader<TokenRecord>["state"] {
    return this.#records.state;
  }

  #caches(): Pick<InvalidatingCache<unknown>, "invalidate" | "clear">[] {
    return [this.#owners, this.#tokens, this.clients];
  }

  async #loadAndEvaluate(
    token: string,
    key: string,
    from: UsedFrom,
    resource: AcceptedResource,
  ): Promise<ValidationResult> {
    const read = () =>
      this.#tokens.read(key, () => this.#load(token, key), ({ dependsOn }) => dependsOn);
    const loaded = await (from.line === undefined ? read() : inTurnOf(from.line, read));
    return this.#counted(
      loaded === undefined ? { state: "unknown" } : this.#evaluate(loaded, from, resource),
    );
  }

  #counted(result: ValidationResult): ValidationResult {
    const { state } = result;
    let series = this.#results.get(state);
    if (series === undefined) {
      series = this.deps.metrics.tokenValidations.with({ result: state });
      this.#results.set(state, series);
    }
    series.value++;
    return result;
  }

  #exposeCaches({ cacheLookups, cacheEntries, cacheFresh }: ValidationMetrics): void {
    const caches = { tokens: this.#tokens, owners: this.#owners, ...this.clients.caches };
    const names = Object.keys(caches) as (keyof typeof caches)[];
    cacheEntries.read(() => names.map((cache) => [{ cache }, caches[cache].size]));
    cacheLookups.read(() =>
      names.flatMap((cache) =>
        (["hit", "miss"] as const).map((result) =>
          [{ cache, result }, caches[cache].lookups[result]] as const
        )
      )
    );
    cacheFresh.read(() => [[{}, this.#invalidation?.isFresh() ? 1 : 0]]);
  }

  #evaluate(token: ValidatedToken, from: UsedFrom, resource: AcceptedResource): ValidationResult {
    const isExpected = token.resource !== undefined &&
      (typeof resource === "function"
        ? resource(token.resource)
        : token.resource === resource.name);
    if (!isExpected) return { state: "other_resource", token };
    if (token.inactive !== undefined) return { state: token.inactive.reason, token };
    const now = this.deps.clock.now();
    if (token.expiresAt <= now) return { state: "expired", token };
    if (token.allowedNetworks !== undefined && !token.allowedNetworks.includes(from.address)) {
      return { state: "address_not_allowed", token };
    }
    if (token.kind === "personal_access_token") {
      this.lastUsed.record(token.id, now, from.address, from.userAgent);
    }
    return { state: "active", token };
  }

  async #load(token: string, key: string): Promise<ValidatedToken | undefined> {
    const { database: { sql }, catalog } = this.deps;
    const isOwn = isPersonalAccessToken(token);
    const hashes = isOwn ? [key] : this.#formats.hashesOf(token);
    for (const hash of hashes) {
      const record = await this.#records.get(hash);
      const owner = record && await this.#owner(record.owner);
      if (owner !== undefined) return validatedPat(record!, owner, catalog);
    }
    return isOwn ? undefined : await loadAccessToken({ ...this.deps, sql }, token);
  }

  /** Those that scopes name: a directory may have hundreds of others for each owner. */
  #namedGroups(groups: readonly string[]): string[] {
    const named = new Set(this.deps.catalog.scopes().flatMap(({ groups = [] }) => groups));
    return groups.filter((group) => named.has(group));
  }

  /** Owners are cached apart from their tokens: one may have many. */
  async #owner(owner: TokenRecord["owner"]): Promise<OwnerRecord | undefined> {
    return this.#owners.get(owner.id) ?? await this.#owners.read(
      owner.id,
      async () => {
        const record = await findOwnerRecord(this.deps.database.sql, owner);
        return record && { ...record, groups: this.#namedGroups(record.groups) };
      },
      () => [`principal:${owner.id}`],
    );
  }
}

import type { Clock } from "../../shared/clock.ts";
import { managementResource } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { NetworkList } from "../http/ip_address.ts";
import type { Resource } from "../tokens/resource.ts";
import type { Log } from "../log.ts";
import { limitLoginScope, limitPatScope } from "../scopes.ts";
import { type Client, findClient } from "../store/clients.ts";
import type { Database } from "../store/db/connect.ts";
import { findOwnerRecord, findTokensForValidation } from "../store/pats/find.ts";
import type { OwnerRecord, TokenRecord } from "../store/pats/types.ts";
import { accessTokenStatus } from "../store/revoked_access_tokens.ts";
import type { CacheInvalidation } from "../store/db/cache_invalidation.ts";
import { readAccessToken } from "../tokens/access_token.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";
import { BatchLoader } from "./batch_loader.ts";
import type { ValidatedToken, ValidationResult } from "./validated_token.ts";
import { LastUsedRecorder } from "./last_used_recorder.ts";
import { InvalidatingCache } from "./invalidating_cache.ts";

/** Tokens remembered at a time: about 100 MB when full. */
const MAX_TOKENS = 100_000;
const MAX_OWNERS = 20_000;
const MAX_CLIENTS = 1000;

/** What checking takes. */
export interface TokenValidatorDeps {
  database: Pick<Database, "sql" | "listen">;
  clock: Clock;
  log: Log;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "scopes">;
}

/** Where a token is used from, as far as known. */
export interface UsedFrom {
  /** Undefined: unknown; a token with a list of addresses is refused then. */
  address?: string;
  userAgent?: string;
}

/**
 * Says what a token is worth: personal access tokens and JWTs alike. A token seen
 * before costs one SHA-256 and one look-up in memory, another one read of an
 * index; the notifications of the database keep the memory true.
 */
export class TokenValidator {
  #tokens: InvalidatingCache<ValidatedToken>;
  #owners: InvalidatingCache<OwnerRecord>;
  #clients: InvalidatingCache<Client>;
  /** By credentials that were right. */
  #provenClients: InvalidatingCache<Client>;
  #tokenReads: BatchLoader<TokenRecord>;
  #changes?: CacheInvalidation;
  readonly lastUses: LastUsedRecorder;

  private constructor(private readonly parts: TokenValidatorDeps) {
    const isFresh = () => this.#changes?.isFresh() ?? false;
    this.#tokens = new InvalidatingCache(MAX_TOKENS, isFresh);
    this.#owners = new InvalidatingCache(MAX_OWNERS, isFresh);
    this.#clients = new InvalidatingCache(MAX_CLIENTS, isFresh);
    this.#provenClients = new InvalidatingCache(MAX_CLIENTS, isFresh);
    const { sql } = parts.database;
    this.#tokenReads = new BatchLoader((hashes) => findTokensForValidation(sql, hashes));
    this.lastUses = new LastUsedRecorder(parts.database.sql, parts.log);
  }

  get #memories(): InvalidatingCache<unknown>[] {
    return [
      this.#owners,
      this.#tokens,
      this.#clients,
      this.#provenClients,
    ] as InvalidatingCache<unknown>[];
  }

  static async start(parts: TokenValidatorDeps): Promise<TokenValidator> {
    const check = new TokenValidator(parts);
    check.#changes = await parts.database.listen({
      invalidate: (subject) => check.invalidate(subject),
      clear: () => check.#memories.forEach((memory) => memory.clear()),
    });
    return check;
  }

  /**
   * Checks a token that is being used with a resource, and notes that it is. One that is
   * remembered needs no promise.
   */
  validate(
    token: string,
    from: UsedFrom,
    resource: Resource = "api",
  ): ValidationResult | Promise<ValidationResult> {
    const key = tokenHashHex(token);
    const known = this.#tokens.get(key);
    return known === undefined
      ? this.#checkUnremembered(token, key, from, resource)
      : this.#judge(known, from, resource);
  }

  async #checkUnremembered(
    token: string,
    key: string,
    from: UsedFrom,
    resource: Resource,
  ): Promise<ValidationResult> {
    const known = await this.#tokens.read(
      key,
      () => this.#lookUp(token, key),
      ({ dependsOn }) => dependsOn,
    );
    return known === undefined ? { state: "unknown" } : this.#judge(known, from, resource);
  }

  #judge(known: ValidatedToken, from: UsedFrom, resource: Resource): ValidationResult {
    if (known.resource !== resource) return { state: "other_resource", token: known };
    if (known.ended !== undefined) return { state: known.ended.why, token: known };
    const now = this.parts.clock.now();
    if (known.expiresAt <= now) return { state: "expired", token: known };
    if (known.allowed !== undefined && !known.allowed.includes(from.address)) {
      return { state: "address_not_allowed", token: known };
    }
    if (known.kind === "personal_access_token") {
      this.lastUses.note(known.id, now, from.address, from.userAgent);
    }
    return { state: "active", token: known };
  }

  /** A client by its id (RFC 6749 section 2.2), remembered like a token. */
  async client(id: string): Promise<Client | undefined> {
    return this.#clients.get(id) ?? await this.#clients.read(
      id,
      () => findClient(this.parts.database.sql, id),
      () => [`client:${id}`],
    );
  }

  /**
   * The client that proved itself by these credentials before, and stayed as it is. The
   * memory tells no guesser how near a guess is: it compares only what has the same
   * hash, by a seed that nobody knows.
   */
  provenClient(credentials: string): Client | undefined {
    return this.#provenClients.get(credentials);
  }

  /** Remembers the client that `prove` finds, if it has a secret: of others anybody may send many. */
  async proveClient(
    credentials: string,
    prove: () => Promise<Client | undefined>,
  ): Promise<Client | undefined> {
    let open: Client | undefined;
    const confidential = async () => {
      const client = await prove();
      if (client?.secretHash !== undefined) return client;
      open = client;
    };
    return await this.#provenClients.read(
      credentials,
      confidential,
      ({ id }) => [`client:${id}`],
    ) ?? open;
  }

  /** Owners have many tokens, so one that was seen before costs no read of its own. */
  async #owner(owner: TokenRecord["owner"]): Promise<OwnerRecord | undefined> {
    return this.#owners.get(owner.id) ?? await this.#owners.read(
      owner.id,
      () => findOwnerRecord(this.parts.database.sql, owner),
      () => [`principal:${owner.id}`],
    );
  }

  /**
   * Forgets what depends on `subject`. The database tells of every change within a
   * second; whoever makes one says so here, so that this replica knows it at once.
   */
  invalidate(subject: string): void {
    for (const memory of this.#memories) memory.invalidate(subject);
  }

  /** Stops listening and writes down the last uses. */
  async close(): Promise<void> {
    await this.#changes?.close();
    await this.lastUses.close();
  }

  async #lookUp(token: string, key: string): Promise<ValidatedToken | undefined> {
    const { sql } = this.parts.database;
    if (isPersonalAccessToken(token)) {
      const found = await this.#tokenReads.get(key);
      const owner = found && await this.#owner(found.owner);
      return owner && knownPersonalAccessToken(found, owner, this.parts.config);
    }
    const genuine = await readAccessToken(this.parts, token);
    if (genuine === undefined) return undefined;
    const { claims } = genuine;
    const standing = await accessTokenStatus(sql, {
      jti: claims.jti,
      subject: claims.sub,
      familyId: claims.sid,
      personalAccessTokenId: claims.pat,
      now: new Date(this.parts.clock.now()),
    });
    if (standing === undefined) return undefined;
    const holder = {
      isAdmin: standing.isAdmin,
      ownScopes: standing.ownScope === undefined ? undefined : parseScope(standing.ownScope),
    };
    const { scopes: catalogue } = this.parts.config;
    const scope = claims.pat === undefined
      ? limitLoginScope(catalogue, holder, claims.client_id, claims.scope)
      : limitPatScope(catalogue, holder, claims.scope);
    return {
      kind: "access_token",
      id: claims.jti,
      subject: claims.sub,
      username: standing.username,
      clientId: claims.client_id,
      scopes: parseScope(scope) ?? [],
      scope,
      audience: claims.aud,
      resource: claims.aud === managementResource(this.parts.issuer) ? "management" : "api",
      issuedAt: claims.iat * 1000,
      // It is remembered, so the other end must be as well: time alone notifies nobody.
      expiresAt: Math.min(
        claims.exp * 1000,
        standing.personalAccessTokenExpiresAt?.getTime() ?? Infinity,
      ),
      ended: standing.active ? undefined : { why: "revoked" },
      allowed: boundTo(standing.allowedAddresses),
      authenticatedAt: claims.auth_time && claims.auth_time * 1000,
      loginId: claims.sid,
      act: claims.act,
      workload: claims.workload,
      dependsOn: [
        `token:${claims.jti}`,
        `principal:${claims.sub}`,
        ...claims.sid === undefined ? [] : [`login:${claims.sid}`],
        ...claims.pat === undefined ? [] : [`token:${claims.pat}`],
      ],
    };
  }
}

/** The OAuth client a personal access token counts as: itself, so that each can be told apart. */
export function clientIdOf(personalAccessTokenId: string): string {
  return `pat-${personalAccessTokenId}`;
}

function knownPersonalAccessToken(
  token: TokenRecord,
  owner: OwnerRecord,
  { scopes: catalogue }: Pick<ServerConfig, "scopes">,
): ValidatedToken {
  const scope = limitPatScope(catalogue, {
    isAdmin: owner.isAdmin,
    ownScopes: owner.scope === undefined ? undefined : parseScope(owner.scope),
  }, token.scope);
  const { revokedAt, allowedAddresses } = token;
  return {
    kind: "personal_access_token",
    id: token.id,
    subject: owner.id,
    username: owner.username,
    clientId: clientIdOf(token.id),
    scopes: parseScope(scope) ?? [],
    scope,
    audience: token.audience,
    resource: "api",
    issuedAt: token.createdAt,
    expiresAt: token.expiresAt,
    ended: revokedAt !== undefined
      ? { why: "revoked", at: revokedAt }
      : owner.disabled
      ? { why: "disabled" }
      : undefined,
    allowed: boundTo(allowedAddresses),
    dependsOn: [`token:${token.id}`, `principal:${owner.id}`],
  };
}

function boundTo(networks: readonly string[]): ValidatedToken["allowed"] {
  return networks.length > 0 ? new NetworkList(networks) : undefined;
}

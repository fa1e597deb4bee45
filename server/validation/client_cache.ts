import type { Clock } from "../../shared/clock.ts";
import { type Client, findClient } from "../store/clients.ts";
import type { Sql } from "../store/db/connect.ts";
import { InvalidatingCache } from "./invalidating_cache.ts";

const MAX_CLIENTS = 1000;

export interface AuthenticatedClient {
  client: Client;
  /** Whether its credentials stay valid until the client changes. */
  cacheable: boolean;
}

/**
 * OAuth clients (RFC 6749 section 2), and the credentials that they have authenticated with, as the
 * value of the Authorization header.
 */
export class ClientCache {
  #clients: InvalidatingCache<Client>;
  #authenticated: InvalidatingCache<Client>;

  constructor(
    private readonly sql: Sql,
    private readonly clock: Clock,
    isFresh: (now?: number) => boolean,
    /** Whether what is remembered counts, since the database cannot be asked. */
    private readonly isInGrace: () => boolean = () => false,
  ) {
    this.#clients = new InvalidatingCache(MAX_CLIENTS, isFresh);
    this.#authenticated = new InvalidatingCache(MAX_CLIENTS, isFresh);
  }

  /** The client, with its previous secret only while that is accepted. */
  async find(id: string): Promise<Client | undefined> {
    const client = await this.#find(id);
    const expiresAt = client?.previousSecret?.expiresAt.getTime() ?? Infinity;
    if (client === undefined || expiresAt > this.clock.now()) return client;
    return { ...client, previousSecret: undefined };
  }

  async #find(id: string): Promise<Client | undefined> {
    const cached = this.#clients.get(id) ??
      (this.isInGrace() ? this.#clients.remembered(id) : undefined);
    return cached ?? await this.#clients.read(
      id,
      () => findClient(this.sql, id),
      () => [`client:${id}`],
    );
  }

  /**
   * The client that has authenticated with these credentials and has not changed since. The
   * look-up compares only credentials of the same hash, under a random seed, so its duration
   * does not show how close a guess is. `now` is that of `InvalidatingCache.get`.
   */
  authenticated(credentials: string, now?: number): Client | undefined {
    return this.#authenticated.get(credentials, now) ??
      (this.isInGrace() ? this.#authenticated.remembered(credentials) : undefined);
  }

  /** Calls `authenticate`, and caches its result if that is cacheable. */
  async authenticate(
    credentials: string,
    authenticate: () => Promise<AuthenticatedClient | undefined>,
  ): Promise<AuthenticatedClient | undefined> {
    let result: AuthenticatedClient | undefined;
    await this.#authenticated.read(
      credentials,
      async () => {
        result = await authenticate();
        return result?.cacheable ? result.client : undefined;
      },
      ({ id }) => [`client:${id}`],
    );
    return result;
  }

  /** For metrics. */
  get caches(): Record<"clients" | "client_credentials", InvalidatingCache<unknown>> {
    return { clients: this.#clients, client_credentials: this.#authenticated };
  }

  invalidate(subject: string): void {
    this.#clients.invalidate(subject);
    this.#authenticated.invalidate(subject);
  }

  clear(): void {
    this.#clients.clear();
    this.#authenticated.clear();
  }
}

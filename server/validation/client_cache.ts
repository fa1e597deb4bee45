import { type Client, findClient } from "../store/clients.ts";
import type { Sql } from "../store/db/connect.ts";
import { InvalidatingCache } from "./invalidating_cache.ts";

const MAX_CLIENTS = 1000;

/** OAuth clients (RFC 6749 section 2), and the credentials that they have authenticated with. */
export class ClientCache {
  #clients: InvalidatingCache<Client>;
  #authenticated: InvalidatingCache<Client>;

  constructor(private readonly sql: Sql, isFresh: () => boolean) {
    this.#clients = new InvalidatingCache(MAX_CLIENTS, isFresh);
    this.#authenticated = new InvalidatingCache(MAX_CLIENTS, isFresh);
  }

  async find(id: string): Promise<Client | undefined> {
    return this.#clients.get(id) ?? await this.#clients.read(
      id,
      () => findClient(this.sql, id),
      () => [`client:${id}`],
    );
  }

  /**
   * The client that has authenticated with these credentials and has not changed since. The
   * look-up compares only credentials of the same hash, under a random seed, so its duration
   * does not show how close a guess is.
   */
  authenticated(credentials: string): Client | undefined {
    return this.#authenticated.get(credentials);
  }

  /**
   * Calls `authenticate`, and caches its result for a confidential client: the credentials of
   * a public one are free to invent.
   */
  async authenticate(
    credentials: string,
    authenticate: () => Promise<Client | undefined>,
  ): Promise<Client | undefined> {
    let client: Client | undefined;
    await this.#authenticated.read(
      credentials,
      async () => {
        client = await authenticate();
        return client?.secretHash === undefined ? undefined : client;
      },
      ({ id }) => [`client:${id}`],
    );
    return client;
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

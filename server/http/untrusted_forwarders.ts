/** Peers that are counted; and the most that are reported. */
const [MAX_PEERS, MAX_REPORTED] = [1000, 10];
/** Requests of a peer that are all looked at; then every fiftieth is. */
const [FIRST_REQUESTS, SAMPLE] = [50, 50];

/**
 * Remembers peers that send X-Forwarded-For although they are not trusted proxies: a proxy that
 * is not declared, or a client that forges the header.
 */
export class UntrustedForwarders {
  #requests = new Map<string, number>();
  #forwarders = new Set<string>();

  observe(peer: string, headers: Headers): void {
    const count = (this.#requests.get(peer) ?? 0) + 1;
    if (count === 1 && this.#requests.size >= MAX_PEERS) this.#requests.clear();
    this.#requests.set(peer, count);
    if (count > FIRST_REQUESTS && count % SAMPLE !== 0) return;
    if (this.#forwarders.size < MAX_REPORTED && headers.has("x-forwarded-for")) {
      this.#forwarders.add(peer);
    }
  }

  list(): string[] {
    return [...this.#forwarders];
  }
}

/** Peers that were looked at; and the most that are reported. */
const [MAX_PEERS, MAX_REPORTED] = [1000, 10];

/**
 * Remembers peers that send X-Forwarded-For although they are not trusted proxies: a proxy that
 * is not declared, or a client that forges the header. Looks at the first request of a
 * peer only, since most requests come from few.
 */
export class UntrustedForwarders {
  #peers = new Set<string>();
  #forwarders = new Set<string>();

  observe(peer: string, headers: Headers): void {
    if (this.#peers.has(peer)) return;
    if (this.#peers.size >= MAX_PEERS) this.#peers.clear();
    this.#peers.add(peer);
    if (this.#forwarders.size < MAX_REPORTED && headers.has("x-forwarded-for")) {
      this.#forwarders.add(peer);
    }
  }

  list(): string[] {
    return [...this.#forwarders];
  }
}

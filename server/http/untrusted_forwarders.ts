/** Peers that are counted; and the most that are reported. */
const [MAX_PEERS, MAX_REPORTED] = [1000, 10];
/** Requests of a peer that are all looked at; then every fiftieth is. */
const [FIRST_REQUESTS, SAMPLE] = [50, 50];

/**
 * Remembers peers that send X-Forwarded-For although they are not trusted proxies: a proxy that
 * is not declared, or a client that forges the header.
 */
export class UntrustedForwarders {
  #peers = new Map<string, { requests: number }>();
  #forwarders = new Set<string>();

  observe(peer: string, headers: Headers): void {
    let counted = this.#peers.get(peer);
    if (counted === undefined) {
      if (this.#peers.size >= MAX_PEERS) this.#peers.clear();
      this.#peers.set(peer, counted = { requests: 0 });
    }
    counted.requests++;
    if (counted.requests > FIRST_REQUESTS && counted.requests % SAMPLE !== 0) return;
    if (this.#forwarders.size < MAX_REPORTED && headers.get("x-forwarded-for") !== null) {
      this.#forwarders.add(peer);
    }
  }

  list(): string[] {
    return [...this.#forwarders];
  }
}

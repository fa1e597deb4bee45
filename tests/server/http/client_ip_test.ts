/** Invariant: only a trusted proxy can say where a request came from. */
import assert from "node:assert/strict";
import {
  clientAddressReader,
  rateLimitKey,
  sharedNetwork,
  subscriberNetwork,
} from "../../../server/http/client_ip.ts";

Deno.test("reads X-Forwarded-For only as far as the proxies are trusted", () => {
  const read = clientAddressReader(["10.0.0.0/8", "::1"]);
  const cases: [string, string | null, string][] = [
    ["192.0.2.1", null, "192.0.2.1"],
    ["192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"],
    ["10.0.0.1", "203.0.113.9, 10.2.3.4", "203.0.113.9"],
    ["::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["::1", "2001:db8::7", "2001:db8::7"],
    ["10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["10.0.0.1", "<script>", "10.0.0.1"],
    // What the nearest proxy could not name is not skipped: further left is the client's own.
    ["10.0.0.1", "6.6.6.6, unknown", "10.0.0.1"],
    ["10.0.0.1", "6.6.6.6, ", "10.0.0.1"],
    ["10.0.0.1", "6.6.6.6, unknown, 10.2.3.4", "10.2.3.4"],
    ["10.0.0.1", "", "10.0.0.1"],
  ];
  // The second time, what the header says is remembered.
  for (const [peer, header, address] of [...cases, ...cases]) {
    const headers = new Headers(header === null ? {} : { "x-forwarded-for": header });
    assert.equal(read(peer, headers), address);
  }
});

Deno.test("IPv6 is counted by /64, IPv4 by address", () => {
  assert.equal(rateLimitKey("203.0.113.9"), "203.0.113.9");
  assert.equal(rateLimitKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(rateLimitKey("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(rateLimitKey("::1"), "0:0:0:0::/64");
});

Deno.test("counts a subscriber by IPv4 address or IPv6 /56, a shared network by /24 or /56", () => {
  assert.equal(subscriberNetwork("203.0.113.9"), "203.0.113.9");
  assert.equal(sharedNetwork("203.0.113.9"), "203.0.113.0/24");
  for (const within of [subscriberNetwork, sharedNetwork]) {
    assert.equal(within("2001:db8:1:2ff::1"), "2001:db8:1:200::/56");
    assert.equal(within("2001:db8:1:200:3:4:5:6"), "2001:db8:1:200::/56");
    assert.equal(within("2001:db8:1:300::1"), "2001:db8:1:300::/56");
    assert.equal(within("2001:db8:1:2::1"), "2001:db8:1:0::/56");
    assert.equal(within("2001:db8::1"), "2001:db8:0:0::/56");
  }
});

/** Invariant: only addresses of the public internet count as public, however they are written. */
import assert from "node:assert/strict";
import { isPublicAddress } from "../../../server/outbound/ssrf_guard.ts";

Deno.test("rejects an address outside the public internet in any notation", () => {
  const addresses = [
    ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1"],
    ...["127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170"],
    ...["192.0.2.1", "192.88.99.1", "192.168.255.255", "198.18.0.1", "198.19.255.255"],
    ...["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"],
    "255.255.255.255",
    ...["::", "::1", "0:0:0:0:0:0:0:1", "::7f00:1", "::127.0.0.1"],
    // IPv4-mapped, IPv4-translated (RFC 2765), NAT64, 6to4, Teredo.
    ...["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::FFFF:0A00:0001", "0:0:0:0:0:ffff:a9fe:a9fe"],
    ...["::ffff:0:10.0.0.1", "::ffff:0:127.0.0.1"],
    ...["64:ff9b::10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b::", "64:ff9b::1"],
    ...["64:ff9b:0:0:0:0:a9fe:a9fe", "64:ff9b:1::a00:1", "64:ff9b:1::101:101"],
    ...["2002:a00:1::", "2002:7f00:1::1", "2002:101:101::", "2001::1", "2001:0:a00:1::"],
    ...["2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    ...["100::1", "5f00::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "febf::1"],
    ...["fec0::1", "ff02::1", "4000::1", "8000::1"],
    ...["", "localhost", "1.2.3", "1.1.1.1/32", "1.1.1.1%eth0", "2606:4700::1111%1", "[::1]"],
  ];
  for (const address of addresses) assert.equal(isPublicAddress(address), false, address);
});

Deno.test("accepts addresses of the public internet", () => {
  const addresses = [
    ...["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1"],
    ...["192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255"],
    ...["2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2620:fe::fe"],
    // What a NAT64 gateway makes of a public IPv4 address.
    ...["64:ff9b::1.1.1.1", "64:ff9b::808:808"],
  ];
  for (const address of addresses) assert.equal(isPublicAddress(address), true, address);
});

/** Invariant: an address or network that is accepted can be compared, and no spelling differs. */
import assert from "node:assert/strict";
import { clientAddressReader } from "../../../server/http/client_ip.ts";
import {
  NetworkList,
  parseIpAddress,
  parseNetwork,
  parsePeerAddress,
} from "../../../server/http/ip_address.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

/** Not addresses at all, or not ones that mean the same on every machine. */
const INVALID = [
  "",
  "nowhere",
  "fe80::1%eth0",
  "::1%1",
  "::1%",
  "1.2.3",
  "01.2.3.4",
  "0x7f.0.0.1",
  "1.2.3.4.5",
  "1.2.3.256",
  ":::",
  "1::2::3",
  "g::1",
  " 1.2.3.4",
];

Deno.test("returns the canonical form of an IP address, and rejects a zone", () => {
  for (const text of INVALID) assert.equal(parseIpAddress(text), undefined, text);
  const forms: [string, string][] = [
    ["203.0.113.7", "203.0.113.7"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["0:0:0:0:0:ffff:cb00:7107", "203.0.113.7"],
    ["::", "::"],
  ];
  for (const [text, address] of forms) assert.equal(parseIpAddress(text), address, text);
});

Deno.test("parses a peer's address with a port, brackets or a zone", () => {
  const forms: [string, string | undefined][] = [
    ["203.0.113.7:5555", "203.0.113.7"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[::ffff:203.0.113.7]:443", "203.0.113.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%eth0]:443", "fe80::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[203.0.113.7]", "203.0.113.7"],
    ["[2001:db8::1]443", undefined],
    ["[2001:db8::1]:", undefined],
    ["203.0.113.7:", undefined],
    ["203.0.113.7:123456", undefined],
    ["localhost:80", undefined],
    ["unknown", undefined],
    ["", undefined],
  ];
  for (const [text, address] of forms) assert.equal(parsePeerAddress(text), address, text);
});

Deno.test("matches valid networks, and nothing with invalid ones", () => {
  for (
    const text of [...INVALID, "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "1.2.3.4/", "::ffff:0:0/95"]
  ) {
    assert.equal(parseNetwork(text), undefined, text);
    assert.equal(new NetworkList([text]).includes("1.2.3.4"), false);
  }
  const within: [string, string][] = [
    ["203.0.113.0/24", "203.0.113.9"],
    ["::ffff:203.0.113.0/120", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:DB8::/32", "2001:db8::5"],
    ["fe80::/10", "fe80::1"],
    ["0.0.0.0/0", "203.0.113.9"],
    ["128.0.0.0/1", "255.255.255.255"],
    ["255.255.255.255/32", "255.255.255.255"],
    ["10.1.2.3/8", "10.255.0.0"],
    ["::/0", "2001:db8::5"],
  ];
  for (const [network, address] of within) {
    assert.ok(new NetworkList([network]).includes(address), network);
  }
  const outside: [string, string][] = [
    ["0.0.0.0/1", "128.0.0.0"],
    ["203.0.113.8/31", "203.0.113.10"],
    ["203.0.113.9", "203.0.113.8"],
    ["0.0.0.0/0", "2001:db8::5"],
    ["::/0", "203.0.113.9"],
  ];
  for (const [network, address] of outside) {
    assert.equal(new NetworkList([network]).includes(address), false, network);
  }
  const list = new NetworkList(["2001:db8::/32", "fe80::1"]);
  for (const address of [undefined, "", "nonsense", "fe80::1%eth0", "203.0.113.9"]) {
    assert.equal(list.includes(address), false, address);
  }
});

Deno.test("recognizes a trusted proxy in any form of its address", () => {
  const read = clientAddressReader(["::ffff:10.0.0.0/104", "fe80::/10"]);
  const headers = new Headers({ "x-forwarded-for": "[2001:DB8::7%3]:4711" });
  for (const peer of ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1", "fe80::2%eth0"]) {
    assert.equal(read(peer, headers), "2001:db8::7", peer);
  }
});

testOnEachDatabase(
  "rejects an allowed address when it is set, or matches it when the token is used",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const client = await server.addClient();
    for (const address of ["fe80::1%eth0", "fe80::/10%eth0", "::1%1", "203.0.113.7:80", "[::1]"]) {
      const body = { name: "CI", scopes: ["deploy"], allowed_addresses: [address] };
      const answer = await call(server, alice.management, "POST", "/api/v1/tokens", body);
      assert.ok([400, 422].includes(answer.status), `${address}: ${answer.status}`);
    }
    const { token } = await createPat(server, alice, {
      allowed_addresses: ["203.0.113.0/24", "2001:db8::/32", "fe80::1"],
    });
    // Stored by an earlier version, which took it for valid.
    const old = await createPat(server, alice);
    await server.parts.sql`
      update personal_access_tokens set allowed_addresses = ${
      server.parts.sql.json(["fe80::1%eth0"])
    } where id = ${old.id}`;
    const introspect = async (token: string, client_address: string) => {
      const form = { token, client_address };
      const headers = { authorization: client.authorization };
      const answer = await server.post("/oauth/introspect", form, headers);
      assert.equal(answer.status, 200, client_address);
      return answer.body.active;
    };
    for (
      const address of [
        "203.0.113.7",
        "203.0.113.7:5555",
        "::ffff:203.0.113.7",
        "[::ffff:203.0.113.7]:443",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "2001:0DB8::1",
        "fe80::1%eth0",
      ]
    ) assert.equal(await introspect(token, address), true, address);
    for (
      const address of ["203.0.114.7:5555", "[2001:db9::1]", "unknown", "203.0.113.7, 10.0.0.1"]
    ) {
      assert.equal(await introspect(token, address), false, address);
    }
    assert.equal(await introspect(old.token, "fe80::1"), false);
    const verified = await server.request("/auth/verify", {
      headers: { authorization: `Bearer ${old.token}` },
    }, "fe80::1%eth0");
    assert.equal(verified.status, 401);
  },
);

Deno.test("matches no network with an address that has a zone", () => {
  const list = new NetworkList(["fe80::/10", "0.0.0.0/0", "::/0"]);
  assert.equal(list.includes("fe80::1"), true);
  for (const address of ["fe80::1%eth0", "%", "nonsense", "", undefined]) {
    assert.equal(list.includes(address), false, address);
  }
});

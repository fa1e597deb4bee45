import assert from "node:assert/strict";
import { ClientError } from "../../../client/errors.ts";
import { checkScopesOfResources, findResource } from "../../../client/oauth/resources.ts";

const ORDERS = "https://orders.example.com";
const SERVER = {
  issuer: "https://auth.example.com",
  resources: [
    { name: "default", identifier: "https://auth.example.com", scopes: ["openid", "read"] },
    { name: "orders", identifier: ORDERS, scopes: ["orders:read"] },
  ],
};

Deno.test("a resource is found by its name and by its address, with the path / or without", () => {
  for (const text of ["orders", ORDERS, `${ORDERS}/`]) {
    assert.equal(findResource(SERVER, text).identifier, ORDERS, text);
  }
  for (const text of ["Orders", `${ORDERS}/v1`, "https://orders.example.com.evil.example", ""]) {
    assert.throws(() => findResource(SERVER, text), hasCode("unknown_resource"), text);
  }
});

Deno.test("rejects a scope of a resource that is not requested", () => {
  const check = (scopes: string[], requested: string[]) => () =>
    checkScopesOfResources(SERVER, scopes, requested);
  assert.throws(check(["read", "orders:read"], []), hasCode("unknown_scope"));
  assert.doesNotThrow(check(["openid", "orders:read"], [ORDERS]));
  assert.doesNotThrow(check(["read", "unlisted"], []));
});

function hasCode(code: string) {
  return (error: unknown) => error instanceof ClientError && error.code === code;
}

/** The catalog of resources and scopes, over real databases. */
import assert from "node:assert/strict";
import { ResourceCatalog } from "../../../server/resources/catalog.ts";
import type { RegisteredResource } from "../../../server/resources/resource.ts";
import { deleteResource, insertResource, updateResource } from "../../../server/store/resources.ts";
import { testStore } from "../../support/test_store.ts";

const ISSUER = "https://auth.example.com";

function registered(name: string, more: Partial<RegisteredResource> = {}): RegisteredResource {
  return {
    name,
    identifier: `https://${name}.example.com`,
    scopes: [{ name: `${name}:read`, description: `Read ${name}` }],
    claims: [],
    ...more,
  };
}

const config = {
  audience: "https://api.example.com",
  scopes: [{ name: "openid", description: "Know who you are" }],
  resources: [registered("orders", { title: "Orders" })],
};

const names = (scopes: readonly { name: string }[]) => scopes.map(({ name }) => name);

testStore("resources", {
  async "joins those of the config file and of the database"({ sql, at }) {
    await insertResource(sql, { ...registered("billing"), now: at({}) });
    const catalog = await ResourceCatalog.load({ sql, config, issuer: ISSUER });
    assert.deepEqual(names(catalog.resources()), ["default", "orders", "billing"]);
    assert.deepEqual(names(catalog.scopes()), ["openid", "orders:read", "billing:read"]);
    assert.deepEqual(names(catalog.scopesOf(catalog.default)), ["openid"]);
    assert.deepEqual(names(catalog.scopesOf(catalog.find("orders")!)), ["orders:read"]);
    assert.deepEqual(
      names(catalog.scopesOf(catalog.management)),
      ["openid", "orders:read", "billing:read"],
    );
  },
  async "finds a resource by name and by identifier, with or without the slash"({ sql }) {
    const catalog = await ResourceCatalog.load({ sql, config, issuer: ISSUER });
    const orders = catalog.find("orders")!;
    assert.equal(orders.title, "Orders");
    for (const text of ["https://orders.example.com", "https://orders.example.com/"]) {
      assert.equal(catalog.find(text), orders);
      assert.equal(catalog.findByIdentifier(text), orders);
    }
    const others = ["https://orders.example.com//", "https://orders.example.com/x", "Orders", ""];
    for (const text of others) assert.equal(catalog.find(text), undefined, text);
    assert.equal(catalog.findByIdentifier("orders"), undefined);
    assert.equal(catalog.find("management"), catalog.management);
    assert.equal(catalog.find(`${ISSUER}/api/v1`), catalog.management);
  },
  async "accepts tokens for the issuer as those of the default resource"({ sql }) {
    const catalog = await ResourceCatalog.load({ sql, config, issuer: ISSUER });
    assert.equal(catalog.ofAudience(ISSUER), catalog.default);
    assert.equal(catalog.ofAudience(config.audience), catalog.default);
    assert.equal(catalog.findByIdentifier(ISSUER), undefined);
    assert.equal(catalog.ofAudience("https://gone.example.com"), undefined);
  },
  async "prefers the config file to a row with its name, identifier or scopes"({ sql, at }) {
    const identifier = "https://orders.example.com";
    const stored = [
      registered("orders", { identifier: "https://other.example.com" }),
      registered("copy", { identifier }),
      registered("management"),
      registered("issuer", { identifier: `${ISSUER}/api/v1` }),
      registered("billing", {
        scopes: [...registered("orders").scopes, ...registered("billing").scopes],
      }),
    ];
    for (const resource of stored) await insertResource(sql, { ...resource, now: at({}) });
    const catalog = await ResourceCatalog.load({ sql, config, issuer: ISSUER });
    assert.deepEqual(names(catalog.resources()), ["default", "orders", "billing"]);
    assert.equal(catalog.find("orders")!.identifier, identifier);
    assert.deepEqual(catalog.find("billing")!.scopes, ["billing:read"]);
  },
  async "reloads what has changed"({ sql, at }) {
    const catalog = await ResourceCatalog.load({ sql, config, issuer: ISSUER });
    assert.equal(await catalog.reload(), false);
    await insertResource(sql, { ...registered("billing"), now: at({}) });
    assert.equal(await catalog.reload(), true);
    const change = { name: "billing", title: "Billing", scopes: [], claims: ["email" as const] };
    assert.equal(await updateResource(sql, change), true);
    assert.equal(await catalog.reload(), true);
    const { title, claims, scopes } = catalog.find("billing")!;
    assert.deepEqual({ title, claims, scopes }, {
      title: "Billing",
      claims: ["email"],
      scopes: [],
    });
    assert.equal(await deleteResource(sql, "billing"), true);
    assert.equal(await deleteResource(sql, "billing"), false);
    assert.equal(await catalog.reload(), true);
    assert.equal(catalog.find("billing"), undefined);
  },
  async "keeps names and identifiers unique"({ sql, at }) {
    const now = at({});
    assert.equal(await insertResource(sql, { ...registered("billing"), now }), true);
    assert.equal(await insertResource(sql, { ...registered("billing"), now }), false);
    const { identifier } = registered("billing");
    assert.equal(await insertResource(sql, { ...registered("copy"), identifier, now }), false);
  },
});

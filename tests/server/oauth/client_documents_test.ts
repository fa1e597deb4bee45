/** Clients that are described by the document at their id: what is fetched, accepted and stored. */
import assert from "node:assert/strict";
import {
  DocumentClients,
  type DocumentClientsDeps,
} from "../../../server/oauth/client_documents/document_clients.ts";
import {
  isDocumentAddress,
  parseClientDocument,
} from "../../../server/oauth/client_documents/document.ts";
import { DomainError } from "../../../server/domain_error.ts";
import {
  findClient,
  setClientDisabled,
  updateClientPolicy,
} from "../../../server/store/clients.ts";
import {
  deleteUnusedDocumentClients,
  insertDocumentClient,
} from "../../../server/store/document_clients.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

const ID = "https://app.example/oauth/client.json";
const DOCUMENT = {
  client_id: ID,
  client_name: "Example Agent",
  client_uri: "https://app.example/",
  redirect_uris: ["http://127.0.0.1/callback", "https://app.example/callback"],
  token_endpoint_auth_method: "none",
};

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("accepts only canonical https addresses with a path as ids of documents", () => {
  assert.ok(isDocumentAddress(ID));
  assert.ok(isDocumentAddress("https://app.example:8443/c"));
  const invalid = [
    "http://app.example/c",
    "https://app.example",
    "https://app.example/",
    "https://app.example/c#part",
    "https://app.example/c#",
    "https://app.example/c?x=1",
    "https://app.example/c?",
    "https://user@app.example/c",
    "https://user:secret@app.example/c",
    "https://app.example/a/../c",
    "https://app.example/./c",
    "https://app.example/%2e%2e/c",
    "https://APP.example/c",
    "https://app.example:443/c",
    "https://app.example/c d",
    "https:app.example/c",
    "javascript:alert(1)",
    `https://app.example/${"c".repeat(500)}`,
  ];
  assert.deepEqual(invalid.filter(isDocumentAddress), []);
});

Deno.test("reads what a document says", () => {
  assert.deepEqual(parseClientDocument(ID, bytes(JSON.stringify(DOCUMENT))), {
    name: "Example Agent",
    homepage: "https://app.example/",
    redirectUris: DOCUMENT.redirect_uris,
  });
  const { client_name: _, client_uri: __, token_endpoint_auth_method: ___, ...least } = DOCUMENT;
  assert.deepEqual(parseClientDocument(ID, bytes(JSON.stringify(least))), {
    name: "app.example",
    redirectUris: DOCUMENT.redirect_uris,
  });
});

Deno.test("rejects documents that could mislead", async (t) => {
  const changes: Record<string, Record<string, unknown>> = {
    "another client_id": { client_id: "https://app.example/other.json" },
    "a client_id that only looks the same": { client_id: `${ID}/` },
    "a secret": { client_secret: "x" },
    "a method with a secret": { token_endpoint_auth_method: "client_secret_basic" },
    "a method with a key": { token_endpoint_auth_method: "private_key_jwt" },
    "no redirect URIs": { redirect_uris: undefined },
    "an empty list": { redirect_uris: [] },
    "redirect URIs that are not texts": { redirect_uris: [1] },
    "a redirect URI of another host": { redirect_uris: ["https://evil.example/callback"] },
    "a redirect URI of a subdomain": { redirect_uris: ["https://x.app.example/callback"] },
    "a redirect URI of another port": { redirect_uris: ["https://app.example:444/callback"] },
    "plain http": { redirect_uris: ["http://app.example/callback"] },
    "a fragment": { redirect_uris: ["https://app.example/callback#x"] },
    "the word that stands for every loopback address": { redirect_uris: ["loopback"] },
    "a script": { redirect_uris: ["javascript:alert(1)"] },
    "too many redirect URIs": {
      redirect_uris: Array.from({ length: 21 }, (_, index) => `https://app.example/${index}`),
    },
    "another grant": { grant_types: ["client_credentials"] },
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.step(name, () => {
      const body = JSON.stringify({ ...DOCUMENT, ...change });
      assert.equal(typeof parseClientDocument(ID, bytes(body)), "string");
    });
  }
  for (const body of ["", "null", "[]", '"text"', "{", "\xff", "<html>"]) {
    await t.step(`the body ${JSON.stringify(body)}`, () => {
      assert.equal(typeof parseClientDocument(ID, bytes(body)), "string");
    });
  }
});

Deno.test("leaves out a homepage on another host, and control characters of the name", () => {
  const parsed = parseClientDocument(
    ID,
    bytes(JSON.stringify({
      ...DOCUMENT,
      client_name: "Acme\u202e\u0000 CLI\n",
      client_uri: "https://evil.example/",
    })),
  );
  assert.ok(typeof parsed !== "string");
  assert.equal(parsed.homepage, undefined);
  assert.ok(!["\u202e", "\u0000", "\n"].some((character) => parsed.name.includes(character)));
});

/** A server whose requests are answered by `answer`, and its clients with documents. */
async function documentServer(
  location: Parameters<typeof testServer>[0],
  settings: DocumentClientsDeps["config"]["clientDocuments"],
) {
  const server = await testServer(location);
  let requests = 0;
  const site = {
    answer: () => Response.json(DOCUMENT) as Response | Promise<Response>,
    get requests() {
      return requests;
    },
  };
  server.outgoing = () => {
    requests++;
    return Promise.resolve(site.answer());
  };
  const { sql, clock, http } = server.parts;
  const documents = new DocumentClients({
    sql,
    clock,
    http,
    config: { clientDocuments: settings },
  });
  return { server, site, documents };
}

testOnEachDatabase(
  "fetches the documents of clients, and stores them once approved",
  async (location) => {
    const { server, site, documents } = await documentServer(location, { allow: "on" });
    await using _ = server;
    const { sql } = server.parts;
    const { clock } = server;
    const find = async (user = "alice") => {
      const client = await documents.find(ID, user);
      assert.ok(!(client instanceof DomainError), String(client));
      return client;
    };
    const failure = async (user = "alice") => {
      const client = await documents.find(ID, user);
      assert.ok(client instanceof DomainError);
      return client.code;
    };

    // They are fetched once within the time that their host allows.
    site.answer = () =>
      Response.json(DOCUMENT, { headers: { "cache-control": "public, max-age=600" } });
    const [first, second] = await Promise.all([find(), find("bob")]);
    assert.deepEqual(first, second);
    assert.deepEqual(first.grants, ["code"]);
    clock.advance({ seconds: 599 });
    await find();
    assert.equal(site.requests, 1);
    clock.advance({ seconds: 2 });
    await find();
    assert.equal(site.requests, 2);
    assert.equal(await findClient(sql, ID), undefined, "stored before an approval");

    // They notice that the document has changed.
    await insertDocumentClient(sql, await find(), new Date(clock.now()));
    assert.equal((await findClient(sql, ID))?.document?.changedAt, undefined);
    clock.advance({ seconds: 700 });
    site.answer = () => Response.json({ ...DOCUMENT, client_name: "Other Agent" });
    const changed = await find();
    assert.equal(changed.document.changedAt?.getTime(), clock.now());
    const stored = await findClient(sql, ID);
    assert.equal(stored?.name, "Other Agent");
    assert.deepEqual(stored?.document?.changedAt, changed.document.changedAt);
    const events = await sql`
    select event from audit_log where subject = ${ID} and event = 'client.document_changed'`;
    assert.equal(events.length, 1);

    // They stay valid while their host is down for a short time.
    clock.advance({ seconds: 7200 });
    site.answer = () => new Response("", { status: 503 });
    assert.equal((await find()).name, "Other Agent");
    clock.advance({ seconds: 86400 });
    assert.equal(await failure(), "unavailable");

    // They are rejected once the document is gone.
    clock.advance({ seconds: 11 });
    site.answer = () => new Response("", { status: 404 });
    assert.equal(await failure(), "forbidden");

    // They stay disabled whatever the document says.
    clock.advance({ seconds: 11 });
    site.answer = () => Response.json(DOCUMENT);
    await setClientDisabled(sql, { id: ID, disabled: true, now: new Date(clock.now()) });
    assert.notEqual((await find()).disabledAt, undefined);
    assert.equal(await deleteUnusedDocumentClients(sql, new Date(clock.now() + 1e10), 10), 0);
    await setClientDisabled(sql, { id: ID, disabled: false, now: new Date(clock.now()) });
    // Nor do they lose a limit that the operator has set.
    const enabled = (await findClient(sql, ID))!;
    for (const limit of [{ resources: [] }, { accessTokenLifetime: 60 }]) {
      await updateClientPolicy(sql, ID, { ...enabled, ...limit });
      assert.equal(await deleteUnusedDocumentClients(sql, new Date(clock.now() + 1e10), 10), 0);
    }
    await updateClientPolicy(sql, ID, enabled);
    assert.equal(await deleteUnusedDocumentClients(sql, new Date(clock.now() + 1e10), 10), 1);

    // They reject responses that are not a document.
    const answers: Record<string, () => Response> = {
      "a redirect": () => Response.redirect("https://app.example/elsewhere", 302),
      "another type": () => new Response(JSON.stringify(DOCUMENT)),
      "another success": () => Response.json(DOCUMENT, { status: 203 }),
    };
    for (const [name, answer] of Object.entries(answers)) {
      clock.advance({ seconds: 90000 });
      site.answer = answer;
      assert.equal(await failure(), "forbidden", name);
    }

    // They are fetched only so often for one user.
    site.answer = () => Response.json(DOCUMENT);
    let limited = 0;
    for (let index = 0; index < 30; index++) {
      const client = await documents.find(`${ID}/${index}`, "mallory");
      assert.ok(client instanceof DomainError);
      if (client.code === "rate_limited") limited++;
    }
    assert.ok(limited > 5, String(limited));
    clock.advance({ seconds: 90000 });
    await find("bob");
  },
);

Deno.test("accepts documents only as the settings allow", () => {
  const accepts = (clientDocuments: DocumentClientsDeps["config"]["clientDocuments"], id = ID) =>
    new DocumentClients(
      { config: { clientDocuments }, clock: { now: () => 0 } } as unknown as DocumentClientsDeps,
    ).accepts(id);
  assert.equal(accepts({ allow: "off", domains: ["app.example"] }), false);
  assert.equal(accepts({ allow: "on" }), true);
  assert.equal(accepts({ allow: "listed" }), false);
  assert.equal(accepts({ allow: "listed", domains: ["app.example"] }), true);
  assert.equal(accepts({ allow: "listed", domains: ["*.example"] }), true);
  assert.equal(accepts({ allow: "listed", domains: ["*.app.example"] }), false);
  assert.equal(accepts({ allow: "listed", domains: ["pp.example"] }), false);
  assert.equal(accepts({ allow: "on" }, "acme-cli"), false);
});

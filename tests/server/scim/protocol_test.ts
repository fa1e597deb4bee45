/** What RFC 7644 requires of lists, projections, errors and concurrent changes. */
import assert from "node:assert/strict";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory } from "../../support/directory.ts";
import { ISSUER, testServer } from "../../support/test_server.ts";

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** Each filter, and the users that it matches. */
const FILTERS: Record<string, string[]> = {
  'userName eq "ALICE@example.com"': ["alice"],
  'USERNAME Eq "alice@example.com"': ["alice"],
  'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "b"': ["bob"],
  'userName ne "alice@example.com"': ["bob", "carol"],
  'userName co "ol@"': ["carol"],
  'userName ew "example.com"': ["alice", "bob", "carol"],
  'userName gt "alice@example.com"': ["bob", "carol"],
  'userName ge "bob@example.com" and userName le "bob@example.com"': ["bob"],
  'userName lt "bob"': ["alice"],
  'externalId eq "A-1"': ["alice"],
  'externalId eq "a-1"': [],
  "externalId pr": ["alice"],
  "not (externalId pr)": ["bob", "carol"],
  'not (externalId eq "A-1")': ["bob", "carol"],
  "title pr": ["alice", "bob"],
  'title eq "boss" or title eq "engineer" and userName sw "z"': ["alice"],
  '(title eq "boss" or title eq "engineer") and userName sw "b"': ["bob"],
  "title eq null": ["carol"],
  "title ne null": ["alice", "bob"],
  "active eq true": ["alice", "carol"],
  "active eq False": ["bob"],
  'active eq "False"': ["bob"],
  "active ne true": ["bob"],
  'name.familyName eq "Ångström"': ["alice"],
  'name.familyName eq "ångström"': ["alice"],
  'emails co "home"': ["alice"],
  'emails eq "alice@home.example"': ["alice"],
  'emails[type eq "home"]': ["alice"],
  'emails[type eq "home" and value co "example.com"]': [],
  'emails[type eq "work" and not (value sw "alice")]': ["bob", "carol"],
  'emails[type eq "home"].value sw "alice"': ["alice"],
  "emails pr": ["alice", "bob", "carol"],
  "phoneNumbers pr": [],
  'emails.type eq "home"': ["alice"],
  [`${ENTERPRISE}:department eq "Research"`]: ["alice"],
  [`${ENTERPRISE}:manager.value pr`]: [],
  'meta.resourceType eq "User"': ["alice", "bob", "carol"],
  'meta.created gt "2000-01-01T00:00:00Z"': ["alice", "bob", "carol"],
  'meta.lastModified lt "2000-01-01T00:00:00Z"': [],
  'groups.display eq "ops"': ["alice"],
  "groups pr": ["alice"],
  'unknown eq "x"': [],
  'unknown ne "x"': ["alice", "bob", "carol"],
  "unknown pr": [],
  'userName eq "a\\"; drop table users; --"': [],
  'title eq "Eng\\u0069neer"': ["bob"],
};

const INVALID_FILTERS = [
  "",
  "userName",
  "userName eq",
  'userName eq "alice',
  "userName eq alice",
  'userName is "alice"',
  '(userName eq "a"',
  'userName eq "a")',
  'userName eq "a" and',
  'not userName eq "a"',
  "active gt true",
  'active eq "maybe"',
  "userName eq 5",
  'name eq "x"',
  'meta.created co "2026"',
  'meta.created eq "yesterday"',
  'emails[type eq "work"',
  'userName[type eq "work"]',
  'userName eq "\\u0000"',
  "(".repeat(300) + 'userName eq "a"' + ")".repeat(300),
  Array(300).fill('userName eq "a"').join(" or "),
  `userName eq "${"x".repeat(5000)}"`,
];

testOnEachDatabase("lists users by filter, order and page", async (location) => {
  await using server = await testServer(location);
  const okta = await addDirectory(server);
  const add = (name: string, more: Record<string, unknown> = {}) =>
    okta.addUser(`${name}@example.com`, {
      displayName: name,
      emails: [{ value: `${name}@example.com`, type: "work", primary: true }],
      ...more,
    });
  const names: Record<string, string> = {};
  const alice = await add("alice", {
    externalId: "A-1",
    title: "Boss",
    name: { familyName: "Ångström" },
    emails: [
      { value: "alice@home.example", type: "home" },
      { value: "alice@example.com", type: "work", primary: true },
    ],
    [ENTERPRISE]: { department: "research" },
  });
  server.clock.advance({ seconds: 1 });
  const bob = await add("bob", { title: "Engineer", active: false });
  server.clock.advance({ seconds: 1 });
  const carol = await add("carol");
  Object.assign(names, { [alice]: "alice", [bob]: "bob", [carol]: "carol" });
  await okta.send("POST", "/Groups", { displayName: "Ops", members: [{ value: alice }] });
  const list = async (query: Record<string, string>) => {
    const answer = await okta.send("GET", `/Users?${new URLSearchParams(query)}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as {
      totalResults: number;
      itemsPerPage: number;
      startIndex: number;
      Resources: { id: string }[];
    };
  };
  const matching = async (query: Record<string, string>) =>
    (await list(query)).Resources.map(({ id }) => names[id]);
  for (const [filter, expected] of Object.entries(FILTERS)) {
    assert.deepEqual(await matching({ filter }), expected, filter);
  }
  const search = await okta.send("POST", "/Users/.search", {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
    filter: "title pr",
    attributes: ["title"],
    count: 1,
  });
  assert.equal(search.body.totalResults, 2);
  assert.deepEqual(Object.keys(search.body.Resources[0]).sort(), ["id", "schemas", "title"]);
  for (const filter of INVALID_FILTERS) {
    const answer = await okta.send("GET", `/Users?${new URLSearchParams({ filter })}`);
    assert.deepEqual([answer.status, answer.body.scimType], [400, "invalidFilter"], filter);
  }

  // Order: those without a value are last, or first in descending order.
  assert.deepEqual(await matching({ sortBy: "title" }), ["alice", "bob", "carol"]);
  assert.deepEqual(await matching({ sortBy: "title", sortOrder: "descending" }), [
    "carol",
    "bob",
    "alice",
  ]);
  assert.deepEqual(await matching({ sortBy: "userName", sortOrder: "descending" }), [
    "carol",
    "bob",
    "alice",
  ]);
  assert.deepEqual(await matching({ sortBy: "emails" }), ["alice", "bob", "carol"]);
  assert.deepEqual(await matching({ sortBy: "meta.created", sortOrder: "descending" }), [
    "carol",
    "bob",
    "alice",
  ]);
  assert.deepEqual(await matching({ sortBy: "active" }), ["bob", "alice", "carol"]);

  // Pages (RFC 7644 section 3.4.2.4).
  assert.deepEqual(await matching({ startIndex: "2", count: "1" }), ["bob"]);
  assert.deepEqual(await matching({ startIndex: "-5", count: "2" }), ["alice", "bob"]);
  const none = await list({ count: "0" });
  assert.deepEqual([none.totalResults, none.itemsPerPage, none.Resources], [3, 0, []]);
  assert.deepEqual(await matching({ count: "-1" }), []);
  assert.deepEqual(await matching({ startIndex: "9" }), []);
  for (const query of ["count=x", "startIndex=1.5", "sortOrder=up"]) {
    assert.equal((await okta.send("GET", `/Users?${query}`)).body.scimType, "invalidValue", query);
  }
  assert.equal((await okta.send("GET", "/Users?sortBy=nonsense")).body.scimType, "invalidPath");

  // Attributes (RFC 7644 section 3.9).
  const shape = async (query: string) =>
    Object.keys((await okta.send("GET", `/Users/${alice}?${query}`)).body).sort();
  assert.deepEqual(await shape("attributes=USERNAME,nonsense"), ["id", "schemas", "userName"]);
  assert.deepEqual(
    (await okta.send("GET", `/Users/${alice}?attributes=emails.type`)).body.emails,
    [{ type: "home" }, { type: "work" }],
  );
  const excluded = await shape("excludedAttributes=id,emails,meta,name.familyName,groups");
  assert.deepEqual(
    excluded,
    ["active", "displayName", "externalId", "id", "schemas", "title", ENTERPRISE, "userName"]
      .sort(),
  );
  assert.deepEqual(
    await shape(`attributes=${ENTERPRISE}:department`),
    [
      "id",
      "schemas",
      ENTERPRISE,
    ].sort(),
  );
});

testOnEachDatabase("rejects what RFC 7644 rejects, and changes nothing", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const okta = await addDirectory(server);
  const alice = await okta.addUser("alice@example.com", { displayName: "Alice" });
  const group = (await okta.send("POST", "/Groups", { displayName: "Ops" })).body.id;
  const before = await okta.send("GET", `/Users/${alice}`);
  const patch = (...Operations: unknown[]) => ({ schemas: [PATCH], Operations });
  const unknown = crypto.randomUUID();
  const cases: [method: string, path: string, body: unknown, status: number, scimType?: string][] =
    [
      ["POST", "/Users", "[", 400, "invalidSyntax"],
      ["POST", "/Users", [], 400, "invalidSyntax"],
      ["POST", "/Users", {}, 400, "invalidValue"],
      ["POST", "/Users", { userName: "bob" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: "" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: { value: "x" } }, 400, "invalidValue"],
      ["POST", "/Users", { userName: "a@b.c", USERNAME: "b@b.c" }, 400, "invalidSyntax"],
      ["POST", "/Users", { userName: "a\0@example.com" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: "a@example.com\ud800" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: "a\u202e@example.com" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: `${"x".repeat(300)}@example.com` }, 400, "invalidValue"],
      [
        "POST",
        "/Users",
        { userName: "b@example.com", displayName: "x".repeat(10_000) },
        400,
        "invalidValue",
      ],
      [
        "POST",
        "/Users",
        { userName: "b@example.com", displayName: "\u202eevil" },
        400,
        "invalidValue",
      ],
      ["POST", "/Users", { userName: "b@example.com", active: "maybe" }, 400, "invalidValue"],
      ["POST", "/Users", { userName: "b@example.com", emails: "x" }, 400, "invalidValue"],
      [
        "POST",
        "/Users",
        {
          userName: "b@example.com",
          emails: [{ value: "a@b.c", primary: true }, { value: "b@b.c", primary: true }],
        },
        400,
        "invalidValue",
      ],
      [
        "POST",
        "/Users",
        { userName: "b@example.com", emails: Array(101).fill({ value: "b@example.com" }) },
        400,
        "invalidValue",
      ],
      ["POST", "/Users", { schemas: ["urn:x"], userName: "b@example.com" }, 400, "invalidSyntax"],
      ["POST", "/Users", { userName: "Alice@example.com" }, 409, "uniqueness"],
      ["POST", "/Users", { pad: "x".repeat(70_000) }, 413],
      ["PUT", `/Users/${alice}`, { displayName: "x" }, 400, "invalidValue"],
      ["PUT", `/Users/${unknown}`, { userName: "b@example.com" }, 404],
      ["PUT", "/Users/nonsense", { userName: "b@example.com" }, 404],
      ["PATCH", `/Users/${alice}`, {}, 400, "invalidSyntax"],
      ["PATCH", `/Users/${alice}`, { Operations: [] }, 400, "invalidSyntax"],
      [
        "PATCH",
        `/Users/${alice}`,
        { schemas: ["x"], Operations: [{}] },
        400,
        "invalidSyntax",
      ],
      ["PATCH", `/Users/${alice}`, patch({ op: "move", path: "title" }), 400, "invalidSyntax"],
      ["PATCH", `/Users/${alice}`, patch({ op: "remove" }), 400, "noTarget"],
      ["PATCH", `/Users/${alice}`, patch({ op: "add", path: "title" }), 400, "invalidValue"],
      ["PATCH", `/Users/${alice}`, patch({ op: "add", value: "x" }), 400, "invalidValue"],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "emails[", value: "x" }),
        400,
        "invalidPath",
      ],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "nonsense", value: "x" }),
        400,
        "invalidPath",
      ],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "name.nonsense", value: "x" }),
        400,
        "invalidPath",
      ],
      ["PATCH", `/Users/${alice}`, patch({ op: "remove", path: "userName" }), 400, "mutability"],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "id", value: unknown }),
        400,
        "mutability",
      ],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "add", path: "groups", value: [{ value: group }] }),
        400,
        "mutability",
      ],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: 'emails[type eq "home"].value', value: "x@example.com" }),
        400,
        "noTarget",
      ],
      // All operations of a request, or none.
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "displayName", value: "Changed" }, {
          op: "remove",
          path: "userName",
        }),
        400,
        "mutability",
      ],
      [
        "PATCH",
        `/Users/${alice}`,
        patch({ op: "replace", path: "active", value: false }, { op: "remove", path: "active" }),
        400,
        "mutability",
      ],
      ["POST", "/Groups", {}, 400, "invalidValue"],
      ["POST", "/Groups", { displayName: "x".repeat(201) }, 400, "invalidValue"],
      ["POST", "/Groups", { displayName: "OPS" }, 409, "uniqueness"],
      ["POST", "/Groups", { displayName: "New", members: [{ value: "x" }] }, 400, "invalidValue"],
      [
        "POST",
        "/Groups",
        { displayName: "New", members: [{ value: unknown }] },
        400,
        "invalidValue",
      ],
      [
        "POST",
        "/Groups",
        { displayName: "New", members: [{ value: group, type: "Group" }] },
        400,
        "invalidValue",
      ],
      [
        "PATCH",
        `/Groups/${group}`,
        patch({ op: "replace", path: `members[value eq "${alice}"].value`, value: "x" }),
        400,
        "mutability",
      ],
      [
        "PATCH",
        `/Groups/${group}`,
        patch({ op: "remove", path: "displayName" }),
        400,
        "mutability",
      ],
      ["POST", "/Groups", { pad: "x".repeat(4_300_000) }, 413],
      ["DELETE", `/Groups/${unknown}`, undefined, 404],
      ["GET", "/Me", undefined, 501],
      ["POST", "/Bulk", { Operations: [] }, 501],
      ["GET", "/Nonsense", undefined, 404],
      ["POST", `/Users/${alice}`, {}, 405],
      ["DELETE", "/Users", undefined, 405],
      ["GET", "/Schemas?filter=x", undefined, 403],
      ["PUT", "/ServiceProviderConfig", {}, 405],
    ];
  for (const [method, path, body, status, scimType] of cases) {
    const answer = await okta.send(method, path, body);
    const where = `${method} ${path} ${JSON.stringify(body)?.slice(0, 200)}: ${
      JSON.stringify(answer.body)
    }`;
    assert.equal(answer.status, status, where);
    assert.equal(answer.headers.get("content-type"), "application/scim+json", where);
    assert.deepEqual(answer.body.schemas, [ERROR], where);
    assert.equal(answer.body.status, String(status), where);
    assert.equal(answer.body.scimType, scimType, where);
    assert.ok(answer.body.detail.length > 10, where);
    if (status === 405) assert.ok(answer.headers.get("allow"), where);
  }
  // Cut within a surrogate pair, for the audit log.
  const long = await okta.send("POST", "/Users/.search", { sortBy: `a${"𐪇".repeat(200)}` });
  assert.deepEqual([long.status, long.body.scimType], [400, "invalidPath"]);
  const text = await okta.send("POST", "/Users", "userName=x", { "content-type": "text/plain" });
  assert.equal(text.status, 415);
  const json = await okta.send("GET", "/Users", undefined, { accept: "application/json" });
  assert.equal(json.body.totalResults, 1);
  assert.deepEqual((await okta.send("GET", `/Users/${alice}`)).body, before.body);
  const [{ users, groups }] = await sql`
    select (select count(*)::int from users) as users,
      (select count(*)::int from directory_groups) as groups`;
  assert.deepEqual([users, groups], [1, 1]);
  const events = await sql`
    select details from audit_log where event = 'directory.request_rejected'`;
  assert.ok(events.length > 20);
  assert.ok(events.some(({ details }) => details.scim_type === "uniqueness"));
});

testOnEachDatabase("authenticates directories, and separates them", async (location) => {
  await using server = await testServer(location);
  const [okta, entra] = [await addDirectory(server, "okta"), await addDirectory(server, "entra")];
  const id = await okta.addUser("alice@example.com");
  const group = (await okta.send("POST", "/Groups", { displayName: "Ops" })).body.id;
  for (
    const path of [
      "/ServiceProviderConfig",
      "/ResourceTypes",
      "/Schemas",
      "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
    ]
  ) {
    const response = await server.request(`/scim/v2${path}`);
    assert.equal(response.status, 200, path);
    await response.body?.cancel();
  }
  for (const authorization of ["", "Bearer x", `Basic ${btoa("a:b")}`, `Bearer ${okta.token}x`]) {
    const answer = await okta.send("GET", "/Users", undefined, { authorization });
    assert.equal(answer.status, 401, authorization);
    assert.match(answer.headers.get("www-authenticate")!, /^Bearer/);
    assert.ok(!JSON.stringify(answer.body).includes(okta.token));
  }
  const user = await server.addUser();
  const login = await server.login(user.id);
  const bearer = `Bearer ${login.access_token}`;
  const answer = await okta.send("GET", "/Users", undefined, { authorization: bearer });
  assert.equal(answer.status, 401);

  assert.equal((await entra.send("GET", "/Users")).body.totalResults, 0);
  assert.equal((await entra.send("GET", "/Groups")).body.totalResults, 0);
  const patch = { schemas: [PATCH], Operations: [{ op: "replace", value: { active: false } }] };
  for (
    const [method, path, body] of [
      ["GET", `/Users/${id}`],
      ["PUT", `/Users/${id}`, { userName: "alice@example.com" }],
      ["PATCH", `/Users/${id}`, patch],
      ["DELETE", `/Users/${id}`],
      ["GET", `/Groups/${group}`],
      ["PUT", `/Groups/${group}`, { displayName: "Mine" }],
      ["DELETE", `/Groups/${group}`],
    ] as const
  ) {
    assert.equal((await entra.send(method, path, body)).status, 404, `${method} ${path}`);
  }
  const foreign = { displayName: "Mine", members: [{ value: id }] };
  assert.equal((await entra.send("POST", "/Groups", foreign)).body.scimType, "invalidValue");
  const taken = await entra.send("POST", "/Users", { userName: "alice@example.com" });
  assert.deepEqual([taken.status, taken.body.scimType], [409, "uniqueness"]);
  assert.equal((await okta.send("GET", `/Users/${id}`)).body.active, true);
});

testOnEachDatabase(
  "changes a resource only in the version that If-Match names",
  async (location) => {
    await using server = await testServer(location);
    const okta = await addDirectory(server);
    const id = await okta.addUser("alice@example.com");
    const read = await okta.send("GET", `/Users/${id}`);
    const tag = read.headers.get("etag")!;
    assert.equal(read.body.meta.version, tag);
    assert.equal(read.body.meta.location, `${ISSUER}/scim/v2/Users/${id}`);
    const unchanged = await okta.send("GET", `/Users/${id}`, undefined, { "if-none-match": tag });
    assert.equal(unchanged.status, 304);
    const rename = (title: string, etag: string) =>
      okta.send("PUT", `/Users/${id}`, { userName: "alice@example.com", title }, {
        "if-match": etag,
      });
    const [first, second] = await Promise.all([rename("A", tag), rename("B", tag)]);
    assert.deepEqual([first.status, second.status].sort(), [200, 412]);
    assert.equal((await rename("C", "*")).status, 200);
    const removed = await okta.send("DELETE", `/Users/${id}`, undefined, { "if-match": tag });
    assert.equal(removed.status, 412);
    // Of two that create the same user at once, one is first.
    const both = await Promise.all(
      [1, 2, 3].map(() => okta.send("POST", "/Users", { userName: "bob@example.com" })),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409, 409]);
  },
);

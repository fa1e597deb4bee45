/** What each format of users means, and that no file is too strange or too large to read. */
import assert from "node:assert/strict";
import { MAX_ENTRY_BYTES } from "../../../server/imports/problem.ts";
import type { ImportedUser } from "../../../server/imports/users/imported_user.ts";
import { readUsers, type UserFormat } from "../../../server/imports/users/read_users.ts";

const BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2";

async function* inChunks(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function read(content: string | Uint8Array, format: UserFormat, chunk = 7) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return await Array.fromAsync(readUsers(inChunks(bytes, chunk), format));
}

/** `1 invalid_field` for a problem, the address of a user. */
async function outline(content: string | Uint8Array, format: UserFormat, chunk?: number) {
  return (await read(content, format, chunk)).map((entry) =>
    "code" in entry ? `${entry.line} ${entry.code}` : entry.email
  );
}

function user(more: Partial<ImportedUser>): ImportedUser {
  return {
    line: 1,
    subject: undefined,
    email: "alice@example.com",
    name: "alice",
    passwordHash: undefined,
    emailVerified: false,
    disabled: false,
    groups: [],
    ...more,
  };
}

Deno.test("reads JSON lines", async () => {
  const lines = [
    {
      id: "legacy|1",
      email: " alice@example.com ",
      name: "Alice",
      password_hash: BCRYPT,
      email_verified: true,
      disabled: true,
      groups: ["staff", "staff", "ops"],
    },
    { email: "bob@example.com", id: null },
  ];
  const [alice, bob] = await read(
    `\ufeff${lines.map((line) => JSON.stringify(line)).join("\r\n")}`,
    "jsonl",
  );
  assert.deepEqual(
    alice,
    user({
      subject: "legacy|1",
      name: "Alice",
      passwordHash: BCRYPT,
      emailVerified: true,
      disabled: true,
      groups: ["staff", "ops"],
    }),
  );
  assert.deepEqual({ ...bob, line: 2 }, user({ line: 2, email: "bob@example.com", name: "bob" }));
});

Deno.test("reads an array of users in place of lines, whatever its layout", async () => {
  const users = ["a@example.com", "b@example.com"].map((email) => ({ email, groups: ["x", "y"] }));
  for (const text of [JSON.stringify(users), JSON.stringify(users, null, 2)]) {
    for (const chunk of [1, 1000]) {
      assert.deepEqual(await outline(text, "jsonl", chunk), ["a@example.com", "b@example.com"]);
    }
  }
  assert.deepEqual(await outline("[]", "jsonl"), []);
  assert.deepEqual(await outline("", "jsonl"), []);
});

Deno.test("reads CSV with quotes, in any order of the columns", async () => {
  const csv = "Email,groups,name,id,disabled,email_verified\r\n" +
    'alice@example.com,"staff; ops","Alice ""A"", Example",legacy|1,no,TRUE\r\n' +
    "\r\n" +
    "bob@example.com,,,,1,\r\n";
  const [alice, bob] = await read(csv, "csv");
  assert.deepEqual(alice, {
    ...user({ subject: "legacy|1", name: 'Alice "A", Example', emailVerified: true }),
    line: 2,
    groups: ["staff", "ops"],
  });
  assert.deepEqual(bob, {
    ...user({ email: "bob@example.com", name: "bob", disabled: true }),
    line: 4,
  });
});

Deno.test("takes what separates the columns in the first line of CSV as what separates all fields", async () => {
  for (
    const line of [
      "email,groups\na@example.com,staff;ops",
      'email;groups\na@example.com;"staff;ops"',
    ]
  ) {
    const [alice] = await read(`\ufeff${line}\n`, "csv");
    assert.ok("groups" in alice);
    assert.deepEqual(alice.groups, ["staff", "ops"]);
  }
  const tabs = "email\tname\na@example.com\tExample, A;B\n";
  const [named] = await read(tabs, "csv");
  assert.ok("name" in named);
  assert.equal(named.name, "Example, A;B");
});

Deno.test("rejects a CSV file with unknown columns, and the rest of one that is broken", async () => {
  assert.deepEqual(await outline("email,passwordhash\na@example.com,x\n", "csv"), [
    "1 invalid_csv",
  ]);
  assert.deepEqual(await outline("email,email\na@example.com,x\n", "csv"), ["1 invalid_csv"]);
  const short = "email,name\na@example.com,A\nb@example.com\nd@example.com,D\n";
  assert.deepEqual(await outline(short, "csv"), [
    "a@example.com",
    "3 invalid_csv",
    "d@example.com",
  ]);
  const latin = Uint8Array.from([
    ...new TextEncoder().encode("email,name\na@example.com,"),
    0xe4,
    0x0a,
  ]);
  assert.deepEqual(await outline(latin, "csv"), ["2 invalid_utf8"]);
  const unclosed = `email,name\na@example.com,A\nb@example.com,"B\n${"x\n".repeat(100_000)}`;
  const [first, ...rest] = await outline(unclosed, "csv", 4096);
  assert.equal(first, "a@example.com");
  assert.ok(rest.length > 0 && rest.every((problem) => problem.endsWith(" invalid_csv")));
});

Deno.test("reads the exports of Auth0", async () => {
  const lines = [
    // Of the extension.
    {
      user_id: "google-oauth2|115670000000000000000",
      email: "alice@example.com",
      name: "Alice",
      nickname: "al",
      email_verified: true,
      blocked: true,
      app_metadata: { authorization: { groups: ["staff"] } },
      identities: [{ provider: "google-oauth2", isSocial: true }],
    },
    // Of the support, with hashes.
    {
      _id: { $oid: "5f7c8ec7c33c6c004bbafe82" },
      email_verified: false,
      email: "bob@example.com",
      passwordHash: BCRYPT,
      tenant: "acme",
      connection: "Username-Password-Authentication",
      _tmp_is_unique: true,
    },
    // As it imports them.
    {
      email: "carol@example.com",
      custom_password_hash: { algorithm: "bcrypt", hash: { value: BCRYPT } },
    },
  ];
  const [alice, bob, carol] = await read(
    lines.map((line) => JSON.stringify(line)).join("\n"),
    "auth0",
  );
  assert.deepEqual(
    alice,
    user({
      subject: "google-oauth2|115670000000000000000",
      name: "Alice",
      emailVerified: true,
      disabled: true,
      groups: ["staff"],
    }),
  );
  assert.deepEqual(bob, {
    ...user({ subject: "auth0|5f7c8ec7c33c6c004bbafe82", name: "bob" }),
    line: 2,
    email: "bob@example.com",
    passwordHash: BCRYPT,
  });
  assert.equal((carol as ImportedUser).passwordHash, BCRYPT);
});

/** Of Keycloak's tests and of a realm export, with hashes by Python's hashlib. */
const KEYCLOAK = {
  realm: "acme",
  clients: [{ users: ["not these"], redirectUris: ["https://x/[*]"] }],
  users: [
    {
      id: "0cd3c5ba-8b3c-4c53-9f1c-111111111111",
      username: "alice",
      email: "alice@example.com",
      emailVerified: true,
      firstName: "Alice",
      lastName: "Example",
      enabled: true,
      groups: ["/staff/deployers"],
      credentials: [
        { type: "otp", secretData: "{}", credentialData: "{}" },
        {
          type: "password",
          secretData: JSON.stringify({
            value:
              "qnA427fe69fAjkevcHZvnm7vp3MewnxKL4g2WLfI7U6teQVH1eR2L5DfcV0psPIfjGPtlZbkpnogYX+2TaSl6w==",
            salt: "AAECAwQFBgcICQoLDA0ODw==",
            additionalParameters: {},
          }),
          credentialData: JSON.stringify({
            hashIterations: 27500,
            algorithm: "pbkdf2-sha256",
            additionalParameters: {},
          }),
        },
      ],
    },
    {
      id: "0cd3c5ba-8b3c-4c53-9f1c-222222222222",
      username: "bob",
      email: "bob@example.com",
      enabled: false,
      credentials: [{
        type: "password",
        secretData: JSON.stringify({
          value: "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=",
          salt: "c29tZXNhbHQ=",
        }),
        credentialData: JSON.stringify({
          hashIterations: 2,
          algorithm: "argon2",
          additionalParameters: {
            hashLength: ["32"],
            memory: ["65536"],
            type: ["id"],
            version: ["1.3"],
            parallelism: ["1"],
          },
        }),
      }],
    },
    { username: "service-account-x", enabled: true },
    {
      email: "dave@example.com",
      enabled: true,
      credentials: [{ type: "password", secretData: "{", credentialData: '{"algorithm":"md5"}' }],
    },
  ],
  roles: { realm: [] },
};

Deno.test("reads a realm export of Keycloak, whatever its layout", async () => {
  const expected = [
    {
      subject: "0cd3c5ba-8b3c-4c53-9f1c-111111111111",
      name: "Alice Example",
      emailVerified: true,
      groups: ["deployers"],
      passwordHash: "$pbkdf2-sha256$i=27500$AAECAwQFBgcICQoLDA0ODw$" +
        "qnA427fe69fAjkevcHZvnm7vp3MewnxKL4g2WLfI7U6teQVH1eR2L5DfcV0psPIfjGPtlZbkpnogYX+2TaSl6w",
    },
    {
      subject: "0cd3c5ba-8b3c-4c53-9f1c-222222222222",
      email: "bob@example.com",
      name: "bob",
      disabled: true,
      passwordHash:
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    },
  ];
  for (const text of [JSON.stringify(KEYCLOAK), JSON.stringify(KEYCLOAK, null, 2)]) {
    for (const chunk of [1, 4096]) {
      const entries = await read(text, "keycloak", chunk);
      const users = entries.slice(0, 2).map((entry) => ({ ...entry, line: 1 }));
      assert.deepEqual(users, expected.map((more) => user(more)));
      const codes = entries.slice(2).map((entry) => "code" in entry && entry.code);
      assert.deepEqual(codes, ["invalid_field", "unsupported_hash"]);
    }
  }
  assert.deepEqual(await outline(JSON.stringify(KEYCLOAK.users), "keycloak"), [
    "alice@example.com",
    "bob@example.com",
    "1 invalid_field",
    "1 unsupported_hash",
  ]);
});

Deno.test("leaves groups out on request, whatever they are called", async () => {
  const content = JSON.stringify({ email: "a@example.com", groups: ["/Acme Admins", "admin"] });
  const bytes = new TextEncoder().encode(content);
  const [entry] = await Array.fromAsync(
    readUsers(inChunks(bytes, 100), "jsonl", { groups: false }),
  );
  assert.deepEqual(entry, user({ email: "a@example.com", name: "a" }));
});

Deno.test("says that a file is not an export, or is incomplete", async () => {
  assert.deepEqual(await outline('{"realm":"acme"}', "keycloak"), ["1 invalid_json"]);
  assert.deepEqual(await outline("", "keycloak"), ["1 invalid_json"]);
  const cut = JSON.stringify(KEYCLOAK).slice(0, JSON.stringify(KEYCLOAK).indexOf('"bob"'));
  assert.deepEqual(await outline(cut, "keycloak"), ["alice@example.com", "1 invalid_json"]);
  assert.deepEqual(await outline('[{"email":"a@example.com"}, oops, 7]', "jsonl"), [
    "a@example.com",
    "1 invalid_json",
    "1 invalid_json",
  ]);
});

Deno.test("reports hostile entries and imports the others", async () => {
  const good = (email: string) => JSON.stringify({ email });
  const entries: [line: string | Uint8Array, expected: string][] = [
    [good("a@example.com"), "a@example.com"],
    [JSON.stringify({ email: "b@example.com", name: "x".repeat(10_000) }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", name: "a\u202eb" }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", name: "a\u0007b" }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", id: "x".repeat(101) }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", id: "ä" }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", id: 7 }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", groups: Array(101).fill("x") }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", groups: ["<b>"] }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", groups: [{}] }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", groups: ["Admin"] }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", disabled: "maybe" }), "invalid_field"],
    [JSON.stringify({ email: "b@example.com", password_hash: 7 }), "unsupported_hash"],
    [JSON.stringify({ email: { a: 1 } }), "invalid_field"],
    [JSON.stringify({ email: "b\u0000@example.com" }), "invalid_field"],
    ['{"__proto__":{"email":"x@example.com"}}', "unknown_field"],
    ["7", "invalid_json"],
    ["null", "invalid_json"],
    ["[".repeat(50_000), "invalid_json"],
    ["x".repeat(MAX_ENTRY_BYTES + 1), "too_long"],
    [Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]), "invalid_utf8"],
    [
      JSON.stringify({ email: "c@example.com", name: "<script>alert(1)</script>" }),
      "c@example.com",
    ],
  ];
  const bytes: number[] = [];
  for (const [line] of entries) {
    bytes.push(...(typeof line === "string" ? new TextEncoder().encode(line) : line), 0x0a);
  }
  assert.deepEqual(
    await outline(Uint8Array.from(bytes), "jsonl", 4096),
    entries.map(([, expected], index) =>
      expected.includes("@") ? expected : `${index + 1} ${expected}`
    ),
  );
});

Deno.test("reads a file of 100 MB without having it in memory", async () => {
  const line = new TextEncoder().encode(`${JSON.stringify({ email: "a@example.com" })}\n`);
  const chunk = new Uint8Array(line.length * 1000);
  for (let index = 0; index < 1000; index++) chunk.set(line, index * line.length);
  async function* file() {
    for (let size = 0; size < 20_000_000; size += chunk.length) yield chunk;
    // A line of 80 MB.
    const rest = new Uint8Array(1_000_000).fill(0x78);
    for (let count = 0; count < 80; count++) yield rest;
  }
  // Of this isolate: other tests run in the same process.
  const memory = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = memory();
  let [users, problems, most] = [0, 0, 0];
  for await (const entry of readUsers(file(), "jsonl")) {
    if ("code" in entry) problems++;
    else users++;
    if ("code" in entry || users % 10_000 === 0) most = Math.max(most, memory() - before);
  }
  assert.ok(users > 600_000, `${users}`);
  assert.equal(problems, 1);
  assert.ok(most < 40_000_000, `${most} bytes more`);
});

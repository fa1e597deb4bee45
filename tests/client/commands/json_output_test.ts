/** Every `--json` follows the schema in docs/schemas. */
import { strict as assert } from "node:assert";
import { patCreate } from "../../../client/commands/pat/create.ts";
import { patImport } from "../../../client/commands/pat/import.ts";
import { patEdit } from "../../../client/commands/pat/edit.ts";
import { patList } from "../../../client/commands/pat/list.ts";
import { patRevoke } from "../../../client/commands/pat/revoke.ts";
import { patRotate } from "../../../client/commands/pat/rotate.ts";
import { patShow } from "../../../client/commands/pat/show.ts";
import { scan } from "../../../client/commands/scan.ts";
import { status } from "../../../client/commands/status.ts";
import { token } from "../../../client/commands/print_token.ts";
import { whoami } from "../../../client/commands/whoami.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, logIn } from "../../support/client_home.ts";
import { wholeCommandLine } from "../../../tasks/reference/whole_command_line.ts";
import { readFromRoot } from "../../support/documentation.ts";
import { parseOutput, schemaNames } from "../../support/output_schema.ts";
import { PAT_ID, PAT_SECRET, patResponse } from "../../support/pat_response.ts";
import { deviceAuthorization, ScriptedServer } from "../../support/scripted_server.ts";

/** Schemas of options with which a command prints something else. */
const SCHEMAS_OF_OPTIONS: Record<string, string> = { "admin-audit": "why", upgrade: "check" };

Deno.test("has a schema for each command with --json, and for no other", async () => {
  const program = await wholeCommandLine();
  const withJson: string[] = [];
  const visit = (command: typeof program, path: string[]) => {
    const name = path.join("-");
    if (command.options.some((option) => option.long === "--json")) withJson.push(name);
    const option = SCHEMAS_OF_OPTIONS[name];
    if (command.options.some(({ long }) => long === `--${option}`)) {
      withJson.push(`${name}-${option}`);
    }
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  assert.deepEqual(withJson.sort(), schemaNames);
});

interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: Schema;
  anyOf?: Schema[];
}

Deno.test("requires every key, in camelCase, of every object", async () => {
  const visit = (schema: Schema, place: string) => {
    const { properties, required, additionalProperties, items, anyOf = [] } = schema;
    for (const alternative of anyOf) visit(alternative, place);
    if (items !== undefined) visit(items, place);
    if (properties === undefined) return;
    const names = Object.keys(properties);
    assert.deepEqual([...required ?? []].sort(), [...names].sort(), place);
    assert.equal(additionalProperties, false, place);
    for (const [name, schema] of Object.entries(properties)) {
      assert.match(name, /^[a-z][a-zA-Z]*$/, `${place}.${name}`);
      visit(schema, `${place}.${name}`);
    }
  };
  for (const name of schemaNames) {
    visit(JSON.parse(await readFromRoot(`docs/schemas/${name}.schema.json`)), name);
  }
});

async function loggedIn() {
  const server = new ScriptedServer();
  const home = await clientHome();
  await logIn(home.io, server);
  const { io } = home;
  return {
    server,
    io,
    async output(
      command: string,
      run: (io: ClientIo) => Promise<number>,
      exitCode: number = EXIT.ok,
    ) {
      io.out = "";
      assert.equal(await runCommand(io, run), exitCode, io.err);
      return parseOutput(command, io.out);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

Deno.test("token, status and whoami print what their schemas say", async () => {
  await using session = await loggedIn();
  const { io, server, output } = session;
  await output("token", (io) => token({ minTtl: "0", json: true }, io));
  await output("status", (io) => status({ json: true }, io));
  server.script("/oauth/token", { status: 400, json: { error: "invalid_scope" } });
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const options = { minTtl: "0", json: true, scope: ["deploy"] };
  const { error } = await output("token", (io) => token(options, io), EXIT.authenticationRequired);
  assert.equal(error, "approval_required");
  server.script("/oauth/userinfo", { json: { sub: "1", email: "a@example.com" } });
  assert.deepEqual(await output("whoami", (io) => whoami({ json: true }, io)), {
    sub: "1",
    name: null,
    email: "a@example.com",
    emailVerified: null,
  });
  io.env = { [`${brand.envPrefix}_CONFIG_DIR`]: "/nonexistent/x", GITHUB_ACTIONS: "true" };
  await output("status", (io) => status({ json: true }, io));
  io.env[`${brand.envPrefix}_TOKEN`] = "opaque";
  await output("status", (io) => status({ json: true }, io));
  await output("token", (io) => token({ minTtl: "0", json: true }, io));
});

Deno.test("pat commands print what their schemas say", async () => {
  await using session = await loggedIn();
  const { io, server, output } = session;
  const pat = patResponse(io, { leak: { at: "2026-11-20T12:00:00Z", reporter: "github" } });
  const created = { status: 201, json: { ...patResponse(io), token: PAT_SECRET } };
  server.script("/api/v1/tokens", created);
  await output("pat-create", (io) => patCreate({ name: "ci", scope: [], json: true }, io));
  server.script("/api/v1/tokens", { json: { tokens: [pat, pat], next_cursor: null } });
  await output("pat-list", (io) => patList({ json: true }, io));
  server.script(`/api/v1/tokens/${PAT_ID}`, { json: pat });
  await output("pat-show", (io) => patShow(PAT_ID, { json: true }, io));
  await output("pat-edit", (io) => patEdit(PAT_ID, { name: "ci", json: true }, io));
  server.script(`/api/v1/tokens/${PAT_ID}/rotate`, created);
  await output("pat-rotate", (io) => patRotate(PAT_ID, { overlap: "1h", json: true }, io));
  await output("pat-revoke", (io) => patRevoke([PAT_ID], { json: true }, io));
  server.script("/api/v1/tokens/import", { status: 201, json: pat });
  io.stdin = JSON.stringify({
    tokenHash: "ab".repeat(32),
    name: "ci",
    owner: "alice@example.com",
    scopes: [],
    expiresAt: null,
  });
  await output("pat-import", (io) => patImport({ json: true }, io));
});

Deno.test("scan prints what its schema says", async () => {
  await using session = await loggedIn();
  const { io, output } = session;
  io.stdin = "nothing";
  await output("scan", (io) => scan([], { stdin: true, json: true }, io));
  const missing = `/nonexistent/${crypto.randomUUID()}`;
  await output("scan", (io) => scan([missing], { json: true }, io), EXIT.failure);
});

/** What commands print as text, on a terminal and piped: tests/golden/client/output. */
import { patCreate } from "../../../client/commands/pat/create.ts";
import { patEdit } from "../../../client/commands/pat/edit.ts";
import { patList } from "../../../client/commands/pat/list.ts";
import { patRevoke } from "../../../client/commands/pat/revoke.ts";
import { patRotate } from "../../../client/commands/pat/rotate.ts";
import { patShow } from "../../../client/commands/pat/show.ts";
import { status } from "../../../client/commands/status.ts";
import { whoami } from "../../../client/commands/whoami.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { clientHome, jwt, logIn } from "../../support/client_home.ts";
import { assertGolden } from "../../support/golden.ts";
import { PAT_ID, PAT_SECRET, patResponse } from "../../support/pat_response.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const DAY_MS = 86_400_000;
const TOKEN = `${brand.envPrefix}_TOKEN`;

const withoutColor = ({ env }: ClientIo) => ({ ...env, NO_COLOR: "1" });

/** Runs commands on a terminal and piped, and compares all that they print with a golden file. */
async function assertOutput(
  name: string,
  prepare: (
    context: { io: Awaited<ReturnType<typeof clientHome>>["io"]; server: ScriptedServer },
  ) => Promise<((io: ClientIo) => Promise<number>)[]>,
) {
  const parts: string[] = [];
  for (const isTerminal of [true, false]) {
    await using server = new ScriptedServer();
    await using home = await clientHome({
      stdoutIsTerminal: isTerminal,
      stderrIsTerminal: isTerminal,
      timeZone: "Europe/Berlin",
    });
    const { io } = home;
    const commands = await prepare({ io, server });
    for (const command of commands) {
      Object.assign(io, { out: "", err: "" });
      const code = await runCommand(io, command);
      const text = `--- ${isTerminal ? "terminal" : "piped"}, exit code ${code}\n` +
        `${io.out}${io.err === "" ? "" : `--- standard error\n${io.err}`}`;
      parts.push(
        text.replaceAll(server.issuer, "https://auth.example.com").replaceAll(home.folder, "FOLDER")
          // Escape sequences, so that they can be reviewed.
          .replaceAll("\x1b", "ESC"),
      );
    }
  }
  await assertGolden(`client/output/${name}.txt`, parts.join("\n"));
}

Deno.test("status prints logins, the environment's token and their problems", () =>
  assertOutput("status", async ({ io, server }) => {
    await logIn(io, server, "bob@example.com");
    await logIn(io, server, "alice@example.com");
    const withToken = (claims: Record<string, unknown>) => (io: ClientIo) =>
      status({}, { ...io, env: { ...io.env, [TOKEN]: jwt({ iss: server.issuer, ...claims }) } });
    const now = io.clock.now() / 1000;
    return [
      (io) => status({}, io),
      withToken({ exp: now + 600 }),
      withToken({ exp: now - 600 }),
      withToken({}),
      (io) => status({}, { ...io, env: { [`${brand.envPrefix}_CONFIG_DIR`]: "/nonexistent/x" } }),
    ];
  }));

Deno.test("whoami prints the account", () =>
  assertOutput("whoami", async ({ io, server }) => {
    await logIn(io, server);
    const user = { sub: "1", name: "Alice", email: "alice@example.com" };
    server.script("/oauth/userinfo", { json: user });
    return [(io) => whoami({}, io)];
  }));

Deno.test("pat list prints a table and warns of tokens that expire soon", () =>
  assertOutput("pat-list", async ({ io, server }) => {
    await logIn(io, server);
    const at = (days: number) => new Date(io.clock.now() + days * DAY_MS).toISOString();
    const tokens = [
      patResponse(io),
      patResponse(io, { id: PAT_ID.replace("1", "2"), name: "nightly", expires_at: at(3) }),
      patResponse(io, { name: "never", expires_at: null, scopes: [], last_used_at: at(-2) }),
      patResponse(io, { name: "old", revoked_at: at(-1), revoked_reason: "leaked" }),
    ];
    server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
    const columns = (count: number) => (io: ClientIo) =>
      patList({ inactive: true }, { ...io, stdoutColumns: () => count, env: withoutColor(io) });
    return [
      (io) => patList({}, io),
      (io) => patList({ inactive: true, all: true }, io),
      (io) => patList({ wide: true }, io),
      columns(40),
      columns(120),
    ];
  }));

Deno.test("pat list says how to create a token if there are none", () =>
  assertOutput("pat-list-empty", async ({ io, server }) => {
    await logIn(io, server);
    const gone = patResponse(io, { revoked_at: "2026-11-20T12:00:00Z" });
    const page = (tokens: unknown[]) => ({ json: { tokens, next_cursor: null } });
    server.script("/api/v1/tokens", page([]), page([]), page([gone]), page([]));
    return [
      (io) => patList({}, io),
      (io) => patList({ search: "nightly" }, io),
      (io) => patList({}, io),
      (io) => patList({ json: true }, io),
    ];
  }));

Deno.test("pat show prints all fields of a token", () =>
  assertOutput("pat-show", async ({ io, server }) => {
    await logIn(io, server);
    const leak = { at: "2026-11-20T12:00:00Z", reporter: "github", place: "https://x.example/1" };
    const changes = { allowed_addresses: ["10.0.0.0/8"], leak, rotated_from: PAT_ID };
    server.script(`/api/v1/tokens/${PAT_ID}`, { json: patResponse(io, changes) });
    return [
      (io) => patShow(PAT_ID, {}, io),
      (io) => patShow(PAT_ID, {}, { ...io, stdoutColumns: () => 40 }),
    ];
  }));

Deno.test("pat create, rotate and revoke print what they did", () =>
  assertOutput("pat-changes", async ({ io, server }) => {
    await logIn(io, server);
    const created = { ...patResponse(io), token: PAT_SECRET };
    server.script("/api/v1/tokens", { status: 201, json: created });
    server.script(`/api/v1/tokens/${PAT_ID}`, { json: patResponse(io) });
    server.script(`/api/v1/tokens/${PAT_ID}/rotate`, { status: 201, json: created });
    return [
      (io) => patCreate({ name: "ci", scope: ["deploy"] }, io),
      (io) => patEdit(PAT_ID, { name: "ci", description: "Nightly", scope: [] }, io),
      (io) => patEdit(PAT_ID, { scope: ["deploy", "admin"] }, io),
      (io) => patEdit(PAT_ID, {}, io),
      (io) => patRotate(PAT_ID, { overlap: "1h" }, io),
      (io) => patRotate(PAT_ID, { overlap: "0" }, io),
      (io) => patRevoke([PAT_ID], {}, io),
    ];
  }));

/**
 * What is managed by the command line, over REST and in the browser. Each action is done in each of
 * them, with a database of its own, and the results are compared.
 */
import assert from "node:assert/strict";
import type { ServerIo } from "../../server/io.ts";
import type { Sql } from "../../server/store/db/connect.ts";
import { openDatabase } from "../../server/store/db/connect.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { databaseKinds } from "./databases.ts";
import { manualClock } from "./manual_clock.ts";
import { NO_TERMINAL } from "./no_terminal.ts";
import type { Shown, Visitor } from "./page_visitor.ts";
import { call, describeScopes } from "./pats.ts";
import { addUserWithPassword, managementToken, signedIn } from "./person.ts";
import { type TestServer, testServer } from "./test_server.ts";

const SECRET = new RegExp(`${brand.tokenPrefixes.clientSecret}[0-9A-Za-z]{40,}`, "g");

/** One action, as each of the interfaces does it. */
export interface Action {
  name: string;
  cli: (io: ServerIo, options: CommandOptions) => Promise<number>;
  rest: [method: string, path: string, body?: unknown];
  /** The page and the fields of its form that are not hidden. */
  page: [path: string, fields: Record<string, string>];
  /** Shows a secret. */
  secret?: true;
  /** Is rejected, and changes nothing; with a code, by that problem type and error page. */
  refused?: true | "managed_by_file";
}

export interface CommandOptions {
  databaseUrl?: string;
  dataDir: string;
  config: string;
}

/** Does all actions in each interface. `rows` reads what they change. */
export async function compareInterfaces(
  t: Deno.TestContext,
  actions: readonly Action[],
  {
    events,
    rows,
    seed = async () => {},
    labels = () => Promise.resolve(new Map()),
    secret = SECRET,
  }: {
    /** Audit events to compare: a prefix of their names, or the names. */
    events: string | readonly string[];
    /** Adds the same rows to each database. */
    seed?: (sql: Sql, now: Date) => Promise<void>;
    /** Names for the random ids in events. */
    labels?: (sql: Sql) => Promise<Map<string, string>>;
    /** Recognizes a secret in what is shown. */
    secret?: RegExp;
    /** Without what is random. `now` is the time of the server. */
    rows: (sql: Sql, now: number) => Promise<unknown>;
  },
): Promise<void> {
  const kind = databaseKinds.at(-1)!;
  await using commandDatabase = await kind.create();
  await using restDatabase = await kind.create();
  await using pageDatabase = await kind.create();
  await using restServer = await testServer(restDatabase.location, describeScopes);
  await using pageServer = await testServer(pageDatabase.location, describeScopes);
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  const scopes = restServer.parts.config.scopes.filter(({ name }) =>
    ["deploy", "read"].includes(name)
  ).map(({ name, description }) => `${name} = ${JSON.stringify(description)}\n`);
  await Deno.writeTextFile(config, `[scopes]\n${scopes.join("")}`, { mode: 0o600 });
  const options = { ...commandDatabase.location, config };
  await withDatabase(options, (sql) => seed(sql, new Date(manualClock().now())));
  for (const { parts, clock } of [restServer, pageServer]) {
    await seed(parts.sql, new Date(clock.now()));
  }
  const restAdmin = await administrator(restServer);
  const pageAdmin = await administrator(pageServer);
  const token = await managementToken(restServer, { id: restAdmin, admin: true });
  const browser = await signedIn(pageServer);
  const clock = manualClock();

  for (const action of actions) {
    await t.step(action.name, async () => {
      for (const { advance } of [clock, restServer.clock, pageServer.clock]) {
        advance({ seconds: 1 });
      }
      let output = "";
      const write = (text: string) => {
        output += text;
        return true;
      };
      const code = await action.cli(serverIo(write, clock, folder), options);
      const [method, path, body] = action.rest;
      const response = await call(restServer, token, method, path, body);
      const submitted = await submit(browser, action.page);
      const outcomes = [output, JSON.stringify(response.body ?? null), submitted.html];
      assert.deepEqual(
        [code === EXIT.ok, response.status < 300, await isDone(browser, submitted)],
        [!action.refused, !action.refused, !action.refused],
        outcomes.join("\n"),
      );
      if (action.refused === "managed_by_file") {
        assert.deepEqual([response.status, submitted.status], [409, 409]);
        assert.match(response.body.type, /#managed-by-file$/);
        assert.equal(submitted.error, action.refused);
      }
      for (const outcome of outcomes) {
        const secrets = new Set(outcome.match(secret) ?? []);
        assert.equal(secrets.size, action.secret ? 1 : 0, outcome);
      }
      const state = async (sql: Sql, now: number, actor: string) => ({
        rows: await rows(sql, now),
        events: await readEvents(sql, { events, actor, labels: await labels(sql) }),
      });
      const byCommand = await withDatabase(options, (sql) => state(sql, clock.now(), "operator"));
      const overRest = await state(restServer.parts.sql, restServer.clock.now(), restAdmin);
      const inBrowser = await state(pageServer.parts.sql, pageServer.clock.now(), pageAdmin);
      assert.deepEqual(overRest, byCommand);
      assert.deepEqual(inBrowser, byCommand);
    });
  }
  await Deno.remove(folder, { recursive: true });
}

async function administrator(server: TestServer): Promise<string> {
  const { id } = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${id}`;
  return id;
}

/** Opens the page and submits its form, as far as it has one. */
async function submit(browser: Visitor, [path, fields]: Action["page"]): Promise<Shown> {
  await browser.get(path);
  return await browser.submit(path.replace(/\?.*/, ""), fields);
}

/** Whether a form did what it was for: it shows a secret, or redirects with a notice of that. */
async function isDone(browser: Visitor, { status, location }: Shown): Promise<boolean> {
  if (status !== 303) return status < 400;
  const next = await browser.get(location!);
  return next.problems.length === 0 && !/class="notice failed"/.test(next.html);
}

async function withDatabase<Result>(
  options: CommandOptions,
  read: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(options);
  try {
    return await read(database.sql);
  } finally {
    await database.close();
  }
}

interface RecordedEvent {
  event: string;
  actor: string;
  subject: string;
  address: string | null;
  // deno-lint-ignore no-explicit-any
  details: any;
}

/** Without the login and the order of what was changed, which differ. */
async function readEvents(
  sql: Sql,
  { events, actor, labels }: {
    events: string | readonly string[];
    actor: string;
    labels: ReadonlyMap<string, string>;
  },
) {
  const all = await sql`
    select event, actor, subject, address, details from audit_log
    order by occurred_at, event, subject`;
  const isCompared = ({ event }: { event: string }) =>
    typeof events === "string" ? event.startsWith(events) : events.includes(event);
  return (all as unknown as RecordedEvent[]).filter(isCompared).map(
    ({ details: { login: _, changed, ...details }, ...event }) => {
      assert.equal(event.actor, actor);
      assert.equal(event.address === null, actor === "operator");
      return {
        event: event.event,
        subject: labels.get(event.subject) ?? event.subject,
        details,
        changed: changed?.split(" ").sort(),
      };
    },
  );
}

function serverIo(
  write: (text: string) => boolean,
  clock: ServerIo["clock"],
  homedir: string,
): ServerIo {
  return {
    stdout: write,
    stderr: write,
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    env: {},
    signal: new AbortController().signal,
    clock,
    platform: { os: Deno.build.os, homedir },
  };
}

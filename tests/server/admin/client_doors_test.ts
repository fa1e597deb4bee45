/**
 * Clients are managed by the command line, over REST and in the browser. Invariant: each action
 * leaves the same rows and audit events, whichever is used.
 */
import assert from "node:assert/strict";
import { adminClientAdd } from "../../../server/cli/admin/client/add.ts";
import { adminClientDisable } from "../../../server/cli/admin/client/disable.ts";
import { adminClientRemove } from "../../../server/cli/admin/client/remove.ts";
import { adminClientRotateSecret } from "../../../server/cli/admin/client/rotate_secret.ts";
import { adminClientUpdate } from "../../../server/cli/admin/client/update.ts";
import type { ServerIo } from "../../../server/io.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { databaseKinds } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";
import type { Shown, Visitor } from "../../support/page_visitor.ts";
import { call, describeScopes } from "../../support/pats.ts";
import { addUserWithPassword, managementToken, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const CLIENTS = "/api/v1/clients";
const SECRET = new RegExp(`${brand.tokenPrefixes.clientSecret}[0-9A-Za-z]{40,}`, "g");
const CLI = `${brand.productName} command line`;

interface Action {
  name: string;
  cli: (io: ServerIo, options: Options) => Promise<number>;
  rest: [method: string, path: string, body?: unknown];
  page: [path: string, fields: Record<string, string>];
  /** Shows a secret. */
  secret?: true;
  /** Is rejected, and changes nothing. */
  refused?: true;
}

interface Options {
  databaseUrl?: string;
  dataDir: string;
  config: string;
}

/** The fields of the form of the client acme-cli. */
const form = {
  name: "Acme CLI",
  homepage: "https://acme.example/cli",
  "grant:device": "on",
  "grant:code": "on",
  redirectUris: "loopback",
  consent: "remember",
  "deviceFlow:fresh-sign-in": "on",
  scope_limit: "selected",
  "scope:openid": "on",
  "scope:deploy": "on",
  resource_limit: "all",
  accessTokenLifetime: "10m",
  refreshTokenIdleLifetime: "7d",
  refreshTokenAbsoluteLifetime: "",
};

const ACTIONS: Action[] = [
  {
    name: "adds a program",
    cli: (io, options) =>
      adminClientAdd("Acme CLI", {
        ...options,
        public: true,
        id: "acme-cli",
        homepage: form.homepage,
        grant: ["device", "code"],
        redirect: ["loopback"],
        consent: "remember",
        deviceFlow: ["fresh-sign-in"],
        scope: ["openid", "deploy"],
        accessLifetime: "10m",
        refreshIdle: "7d",
      }, io),
    rest: ["POST", CLIENTS, {
      name: "Acme CLI",
      id: "acme-cli",
      type: "public",
      homepage: form.homepage,
      grants: ["device", "code"],
      redirect_uris: ["loopback"],
      consent: "remember",
      device_flow: ["fresh-sign-in"],
      scopes: ["openid", "deploy"],
      access_token_lifetime: 600,
      refresh_token_idle_lifetime: 604_800,
    }],
    page: ["/admin/clients/add?type=public", { ...form, id: "acme-cli" }],
  },
  {
    name: "adds a program with defaults",
    cli: (io, options) => adminClientAdd("Plain", { ...options, public: true, id: "plain" }, io),
    rest: ["POST", CLIENTS, { name: "Plain", id: "plain", type: "public" }],
    page: ["/admin/clients/add?type=public", {
      name: "Plain",
      id: "plain",
      "grant:device": "on",
      scope_limit: "all",
    }],
  },
  {
    name: "adds a service",
    secret: true,
    cli: (io, options) => adminClientAdd("Billing", { ...options, id: "billing" }, io),
    rest: ["POST", CLIENTS, { name: "Billing", id: "billing", type: "confidential" }],
    page: ["/admin/clients/add?type=confidential", {
      name: "Billing",
      id: "billing",
      scope_limit: "all",
    }],
  },
  {
    name: "rejects an id that is taken",
    refused: true,
    cli: (io, options) => adminClientAdd("Other", { ...options, id: "billing" }, io),
    rest: ["POST", CLIENTS, { name: "Other", id: "billing", type: "confidential" }],
    page: ["/admin/clients/add?type=confidential", {
      name: "Other",
      id: "billing",
      scope_limit: "all",
    }],
  },
  {
    name: "changes a client and removes limits",
    cli: (io, options) =>
      adminClientUpdate("acme-cli", {
        ...options,
        name: "Acme",
        scope: ["openid", "read"],
        accessLifetime: "5m",
        clear: ["homepage", "refresh-idle", "device-flow"],
      }, io),
    rest: ["PATCH", `${CLIENTS}/acme-cli`, {
      name: "Acme",
      scopes: ["openid", "read"],
      access_token_lifetime: 300,
      homepage: null,
      refresh_token_idle_lifetime: null,
      device_flow: [],
    }],
    page: ["/admin/clients/edit?client=acme-cli", {
      ...without(form, "scope:deploy", "deviceFlow:fresh-sign-in"),
      name: "Acme",
      "scope:read": "on",
      accessTokenLifetime: "5m",
      homepage: "",
      refreshTokenIdleLifetime: "",
    }],
  },
  {
    name: "rejects a homepage without https",
    refused: true,
    cli: (io, options) =>
      adminClientUpdate("acme-cli", { ...options, homepage: "http://acme.example" }, io),
    rest: ["PATCH", `${CLIENTS}/acme-cli`, { homepage: "http://acme.example" }],
    page: ["/admin/clients/edit?client=acme-cli", { ...form, homepage: "http://acme.example" }],
  },
  {
    name: "rejects a change of an unknown client",
    refused: true,
    cli: (io, options) => adminClientUpdate("nobody", { ...options, name: "Nobody" }, io),
    rest: ["PATCH", `${CLIENTS}/nobody`, { name: "Nobody" }],
    page: ["/admin/clients/edit?client=nobody", { ...form, client: "nobody", name: "Nobody" }],
  },
  ...([["1h", 3600], ["0s", 0]] as const).map(([overlap, seconds]): Action => ({
    name: `rotates a secret with an overlap of ${overlap}`,
    secret: true,
    cli: (io, options) => adminClientRotateSecret("billing", { ...options, overlap }, io),
    rest: ["POST", `${CLIENTS}/billing/rotate-secret`, { overlap: seconds }],
    page: ["/admin/clients/rotate?client=billing", { overlap: String(seconds) }],
  })),
  {
    name: "rejects a rotation without a secret",
    refused: true,
    cli: (io, options) => adminClientRotateSecret("acme-cli", options, io),
    rest: ["POST", `${CLIENTS}/acme-cli/rotate-secret`, { overlap: 0 }],
    page: ["/admin/clients/rotate?client=acme-cli", { client: "acme-cli", overlap: "0" }],
  },
  ...(["disable", "enable", "disable"] as const).map((verb): Action => ({
    name: `${verb}s a client`,
    cli: (io, options) => adminClientDisable("acme-cli", verb === "disable", options, io),
    rest: ["POST", `${CLIENTS}/acme-cli/${verb}`],
    page: [`/admin/clients/${verb}?client=acme-cli`, {}],
  })),
  {
    name: "narrows the built-in command line",
    cli: (io, options) =>
      adminClientUpdate(brand.cliClientId, { ...options, scope: ["openid", "manage:clients"] }, io),
    rest: ["PATCH", `${CLIENTS}/${brand.cliClientId}`, { scopes: ["openid", "manage:clients"] }],
    page: [`/admin/clients/edit?client=${brand.cliClientId}`, {
      name: CLI,
      "grant:device": "on",
      "grant:code": "on",
      "grant:exchange": "on",
      redirectUris: "loopback",
      scope_limit: "selected",
      "scope:openid": "on",
      "scope:manage:clients": "on",
    }],
  },
  {
    name: "keeps the built-in command line",
    refused: true,
    cli: (io, options) => adminClientRemove(brand.cliClientId, options, io),
    rest: ["DELETE", `${CLIENTS}/${brand.cliClientId}`],
    page: [`/admin/clients/remove?client=${brand.cliClientId}`, { client: brand.cliClientId }],
  },
  {
    name: "removes a client",
    cli: (io, options) => adminClientRemove("acme-cli", options, io),
    rest: ["DELETE", `${CLIENTS}/acme-cli`],
    page: ["/admin/clients/remove?client=acme-cli", {}],
  },
];

Deno.test("clients are the same by command, over REST and in the browser", async (t) => {
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
  const restAdmin = await administrator(restServer);
  const pageAdmin = await administrator(pageServer);
  const token = await managementToken(restServer, { id: restAdmin, admin: true });
  const browser = await signedIn(pageServer);
  const clock = manualClock();

  for (const action of ACTIONS) {
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
      for (const outcome of outcomes) {
        const secrets = new Set(outcome.match(SECRET) ?? []);
        assert.equal(secrets.size, action.secret ? 1 : 0, outcome);
      }
      const byCommand = await withDatabase(options, (sql) => state(sql, clock.now(), "operator"));
      const overRest = await state(restServer.parts.sql, restServer.clock.now(), restAdmin);
      const inBrowser = await state(pageServer.parts.sql, pageServer.clock.now(), pageAdmin);
      assert.deepEqual(overRest, byCommand);
      assert.deepEqual(inBrowser, byCommand);
    });
  }
  await Deno.remove(folder, { recursive: true });
});

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
  return !/class="notice failed"/.test((await browser.get(location!)).html);
}

async function withDatabase<Result>(
  options: Options,
  read: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(options);
  try {
    return await read(database.sql);
  } finally {
    await database.close();
  }
}

/** Rows and events, without what is random or differs by who acts. */
async function state(sql: Sql, now: number, actor: string) {
  const clients = await sql`select * from clients order by id`;
  const events = await sql`
    select event, actor, subject, address, details from audit_events
    where event like 'client.%' order by occurred_at`;
  return {
    clients: clients.map((
      { created_at, secret_hash, previous_secret_hash, previous_secret_expires_at, ...row },
    ) => ({
      ...row,
      disabled_at: row.disabled_at !== null,
      secrets: [secret_hash, previous_secret_hash].map((hash) => hash?.length),
      overlap: previous_secret_expires_at && previous_secret_expires_at.getTime() - now,
      created: created_at !== null,
    })),
    events: events.map(({ details: { login: _, changed, ...details }, ...event }) => {
      assert.equal(event.actor, actor);
      assert.equal(event.address === null, actor === "operator");
      return {
        event: event.event,
        subject: event.subject,
        details,
        changed: changed?.split(" ").sort(),
      };
    }),
  };
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

function without(fields: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

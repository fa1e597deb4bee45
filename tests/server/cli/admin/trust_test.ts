/** The output of `admin trust`. */
import assert from "node:assert/strict";
import { adminTrustAdd, type TrustAddOptions } from "../../../../server/cli/admin/trust/add.ts";
import { adminTrustDisable } from "../../../../server/cli/admin/trust/disable.ts";
import { adminTrustEdit, type TrustEditOptions } from "../../../../server/cli/admin/trust/edit.ts";
import { adminTrustList } from "../../../../server/cli/admin/trust/list.ts";
import { adminTrustRemove } from "../../../../server/cli/admin/trust/remove.ts";
import {
  adminTrustApprove,
  adminTrustDismiss,
  adminTrustRequests,
  type TrustApproveOptions,
} from "../../../../server/cli/admin/trust/requests.ts";
import { type DatabaseLocation, openDatabase } from "../../../../server/store/db/connect.ts";
import { adminTrustTest } from "../../../../server/cli/admin/trust/test_token.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { assertGolden } from "../../../support/golden.ts";
import { jobClaims, startIssuer } from "../../../support/oidc_issuer.ts";
import { addTrustRequest } from "../../../support/trust_requests.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { testServer } from "../../../support/test_server.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";

const AUDIENCE = "https://auth.example.com";

/** A job on a branch, and one for a pull request, which cannot be approved. */
async function addRequests(location: DatabaseLocation, issuer: string): Promise<void> {
  const { sql, close } = await openDatabase(location);
  try {
    const job = { issuer, audience: AUDIENCE };
    const now = Date.now();
    await addTrustRequest(sql, { ...job, ref: "refs/heads/main", now: new Date(now - 1000) });
    await addTrustRequest(sql, {
      ...job,
      ref: "refs/pull/7/merge",
      scope: "deploy",
      now: new Date(now),
    });
  } finally {
    await close();
  }
}

Deno.test("prints what `admin trust` did, or why not", async () => {
  await using database = await databaseKinds[0].create();
  {
    await using _server = await testServer(database.location);
  }
  await using issuer = await startIssuer();
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(
    config,
    'federation_private_issuers = "on"\n[scopes]\ndeploy = "Deploy"\nread = "Read"\n',
  );
  const flags = { ...database.location, config };
  const lines: string[] = [];
  /** Runs a command, and records what it prints. */
  const record = async (
    command: string,
    run: (io: ServerIo) => Promise<number>,
    { stdin = "", confirms, schema }: { stdin?: string; confirms?: boolean; schema?: string } = {},
  ): Promise<number> => {
    let output = "";
    const code = await run({
      stdout: (text) => Boolean(output += text),
      stderr: (text) => void (output += text),
      readStdin: () => Promise.resolve(stdin),
      ...NO_TERMINAL,
      confirm(question) {
        output += `? ${question}\n`;
        return Promise.resolve(confirms);
      },
      env: {},
      signal: new AbortController().signal,
      clock: { now: () => Date.now() },
      platform: { os: "linux", homedir: "/nonexistent" },
    });
    if (schema !== undefined) {
      parseOutput(schema, output.replace(/^Database: .*\n/m, ""));
      return code;
    }
    const text = output.replace(/^Database: .*\n/m, "")
      .replaceAll(issuer.url, "https://ci.example.test")
      .replace(/^ {2}(iat|exp|nbf|jti): .*\n/gm, "")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
    lines.push(`$ admin trust ${command}\n${text}(exit code ${code})\n`);
    return code;
  };
  const add = async (
    provider: string,
    subject: string | undefined,
    options: TrustAddOptions,
    confirms?: boolean,
  ) => {
    const command = ["add", provider, subject, ...optionArguments(options)].filter((arg) =>
      arg !== undefined
    )
      .join(" ").replaceAll(issuer.url, "https://ci.example.test");
    return await record(
      command,
      (io) => adminTrustAdd(provider, subject, { ...options, ...flags }, io),
      { confirms },
    );
  };

  const github = { issuer: issuer.url, repositoryId: "74", scope: ["deploy"] };
  const rule = { ...github, branch: "main", name: "api", audience: AUDIENCE };
  assert.equal(await add("github", "acme/api", rule), EXIT.ok);
  assert.equal(await add("github", "acme/api", rule), EXIT.failure);
  const gitlab = { issuer: issuer.url, repositoryId: "20", environment: "production" };
  assert.equal(
    await add("gitlab-self-managed", "acme/api", { ...gitlab, scope: ["deploy"] }),
    EXIT.ok,
  );
  assert.equal(await add("generic", "job", { issuer: issuer.url, scope: ["deploy"] }), EXIT.ok);
  const generic = { issuer: issuer.url, scope: ["deploy"] };
  const mistakes: [string, string | undefined, TrustAddOptions, number][] = [
    ["nobody", "acme/api", {}, EXIT.usage],
    ["github", "acme/api", { ...github, lifetime: "soon" }, EXIT.usage],
    ["github", "acme/api", { ...github, expires: "2020-01-31" }, EXIT.usage],
    ["github", "acme", github, EXIT.usage],
    ["github", "acme/api", { ...github, branch: "main", tag: "v1" }, EXIT.usage],
    ["github", "acme/api", { ...github, branch: "" }, EXIT.usage],
    ["github", "acme/api", { ...github, repositoryId: "x" }, EXIT.usage],
    ["kubernetes", "ci", generic, EXIT.usage],
    ["kubernetes", "ci/deployer", { scope: ["deploy"] }, EXIT.usage],
    ["azure", "id", { ...generic, branch: "main" }, EXIT.usage],
    ["generic", "job", { ...generic, issuer: "ci" }, EXIT.usage],
    ["generic", "job", { ...generic, condition: ["team"] }, EXIT.usage],
    ["github", "acme/api", github, EXIT.failure],
    ["generic", "job", { ...generic, lifetime: "2d" }, EXIT.failure],
    ["generic", "job", { ...generic, name: "x", serviceAccount: "nobody" }, EXIT.failure],
    [
      "generic",
      "job",
      { ...generic, name: "x", serviceAccount: "api", user: "a@b.c" },
      EXIT.failure,
    ],
  ];
  for (const [provider, subject, options, code] of mistakes) {
    assert.equal(await add(provider, subject, options), code, lines.at(-1));
  }
  const edit = async (name: string, options: TrustEditOptions) => {
    const command = ["edit", name, ...optionArguments(options)].join(" ");
    return await record(command, (io) => adminTrustEdit(name, { ...options, ...flags }, io));
  };
  const edits: [string, TrustEditOptions, number][] = [
    ["api", { branch: "release-*", lifetime: "30m", scope: ["deploy", "read"] }, EXIT.ok],
    ["api", { tag: "v*", condition: ["runner_environment=github-hosted"] }, EXIT.ok],
    ["api", { expires: "2999-01-31T00:00:00Z" }, EXIT.ok],
    ["api", { branch: "main", expires: "never", condition: [] }, EXIT.ok],
    ["api", {}, EXIT.usage],
    ["api", { lifetime: "soon" }, EXIT.usage],
    ["api", { expires: "2020-01-31" }, EXIT.usage],
    ["api", { issuer: "ci" }, EXIT.failure],
    ["api", { scope: ["destroy"] }, EXIT.failure],
    ["api", { lifetime: "2d" }, EXIT.failure],
    ["generic:job", { branch: "main" }, EXIT.failure],
    ["gone", { lifetime: "10m" }, EXIT.failure],
  ];
  for (const [name, options, code] of edits) {
    assert.equal(await edit(name, options), code, lines.at(-1));
  }
  const disable = (name: string, disabled: boolean) =>
    record(
      `${disabled ? "disable" : "enable"} ${name}`,
      (io) => adminTrustDisable(name, disabled, flags, io),
    );
  assert.equal(await disable("generic:job", true), EXIT.ok);
  assert.equal(await disable("gone", true), EXIT.failure);
  await record("list", (io) => adminTrustList(flags, io));
  const asJson = { ...flags, json: true };
  const schema = "admin-trust-list";
  await record("list --json", (io) => adminTrustList(asJson, io), { schema });
  const claims = await jobClaims("github", { repository_id: "74", environment: undefined });
  const test = async (change: Record<string, unknown>) => {
    const stdin = await issuer.sign({ ...claims, aud: AUDIENCE, ...change });
    await record("test --json", (io) => adminTrustTest(asJson, io), {
      stdin,
      schema: "admin-trust-test",
    });
    return await record("test --token-stdin", (io) => adminTrustTest(flags, io), { stdin });
  };
  assert.equal(await test({}), EXIT.ok);
  assert.equal(await test({ ref: "refs/heads/next" }), EXIT.failure);
  assert.equal(await disable("api", true), EXIT.ok);
  assert.equal(await test({}), EXIT.failure);
  assert.equal(await disable("api", false), EXIT.ok);
  assert.equal(await test({ aud: "https://other.example" }), EXIT.failure);
  assert.equal(await test({ iss: "https://other.example" }), EXIT.failure);
  await record("test --token-stdin", (io) => adminTrustTest(flags, io), { stdin: "x" });
  assert.equal(await record("remove api", (io) => adminTrustRemove("api", flags, io)), EXIT.ok);
  await record("remove api", (io) => adminTrustRemove("api", flags, io));
  assert.equal(await add("github", "acme/api", rule, false), EXIT.failure);
  assert.equal(await add("github", "acme/api", rule, true), EXIT.ok);

  await record("requests", (io) => adminTrustRequests(flags, io));
  await addRequests(flags, issuer.url);
  await record("requests", (io) => adminTrustRequests(flags, io));
  assert.equal(
    await record("requests --json", (io) => adminTrustRequests(asJson, io), {
      schema: "admin-trust-requests",
    }),
    EXIT.ok,
  );
  const approve = async (id: string, options: TrustApproveOptions, confirms?: boolean) => {
    const command = ["approve", id, ...optionArguments(options as TrustAddOptions)].join(" ");
    return await record(
      command,
      (io) => adminTrustApprove(id, { ...options, ...flags }, io),
      { confirms },
    );
  };
  assert.equal(await approve("1", {}), EXIT.failure);
  assert.equal(await approve("1", { scope: ["deploy"] }, false), EXIT.failure);
  assert.equal(await approve("1", { scope: ["destroy"] }, true), EXIT.failure);
  assert.equal(await approve("1", { scope: ["deploy"], as: "gone" }, true), EXIT.failure);
  assert.equal(await approve("1", { scope: ["deploy"] }, true), EXIT.ok);
  assert.equal(await approve("1", { scope: ["deploy"] }, true), EXIT.failure);
  assert.equal(await approve("one", {}), EXIT.usage);
  assert.equal(await approve("2", { yes: true }), EXIT.failure);
  const dismiss = (id: string) => record(`dismiss ${id}`, (io) => adminTrustDismiss(id, flags, io));
  assert.equal(await dismiss("2"), EXIT.ok);
  assert.equal(await dismiss("2"), EXIT.failure);
  await requestScope(flags, issuer.url, "read");
  let answer = "";
  const confirmed = await adminTrustApprove("3", flags, {
    stdout: (text) => Boolean(answer += text),
    stderr: (text) => void (answer += text),
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    // The workload requests more while the administrator reads.
    confirm: () => requestScope(flags, issuer.url, "deploy").then(() => true),
    env: {},
    signal: new AbortController().signal,
    clock: { now: () => Date.now() },
    platform: { os: "linux", homedir: "/nonexistent" },
  });
  assert.equal(confirmed, EXIT.ok, answer);
  assert.match(answer, /with read\./);
  assert.equal(await scopeOfNewestRule(flags), "read");
  await Deno.remove(folder, { recursive: true });
  await assertGolden("cli/admin_trust.txt", lines.join("\n"));
});

/** A job on another branch requests a scope. */
async function requestScope(
  location: DatabaseLocation,
  issuer: string,
  scope: string,
): Promise<void> {
  const { sql, close } = await openDatabase(location);
  try {
    const updated = await sql`update trust_requests set scope = ${scope} where id = 3 returning id`;
    if (updated.length > 0) return;
    const job = { issuer, audience: AUDIENCE, ref: "refs/heads/next", scope };
    await addTrustRequest(sql, { ...job, now: new Date() });
  } finally {
    await close();
  }
}

async function scopeOfNewestRule(location: DatabaseLocation): Promise<string> {
  const { sql, close } = await openDatabase(location);
  try {
    const [rule] = await sql`select scope from trust_rules order by created_at desc limit 1`;
    return rule.scope;
  } finally {
    await close();
  }
}

function optionArguments(options: TrustAddOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ...value === true ? [] : [String(value)],
  ]);
}

/**
 * Exchange of a job's identity token. It is sent by POST, only to the server that it is for, and is
 * never printed.
 */
import { strict as assert } from "node:assert";
import { status } from "../../../client/commands/status.ts";
import { token, type TokenOptions } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ID_TOKEN_TYPE, JWT_TYPE, REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { type ClientHome, clientHome, jwt, logIn } from "../../support/client_home.ts";
import { assertGolden } from "../../support/golden.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const OWN_TOKEN = `${brand.envPrefix}_ID_TOKEN`;

const exchanged = {
  json: { access_token: "exchanged", token_type: "Bearer", expires_in: 600, scope: "deploy" },
};

interface Job extends AsyncDisposable {
  server: ScriptedServer;
  home: ClientHome;
  io: ClientHome["io"];
  identity: string;
  run(options?: Partial<TokenOptions>): Promise<number>;
}

/** A GitLab job with an identity token for the scripted server. */
async function gitlabJob(): Promise<Job> {
  const server = new ScriptedServer();
  const home = await clientHome();
  const { io } = home;
  const identity = jwt({
    iss: "https://gitlab.com",
    aud: server.issuer,
    jti: "1",
    project_path: "acme/api",
    project_id: "20",
    ref: "x; rm -rf ~",
    ref_type: "branch",
  });
  Object.assign(io.env, {
    GITLAB_CI: "true",
    [`${brand.envPrefix}_SERVER`]: server.issuer,
    [OWN_TOKEN]: identity,
  });
  server.script("/oauth/token", exchanged);
  return {
    server,
    home,
    io,
    identity,
    async run(options = {}) {
      io.out = "";
      io.err = "";
      return await runCommand(io, (io) => token({ minTtl: "60s", ...options }, io));
    },
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("exchanges the identity token of a job by POST, and stores nothing", async () => {
  await using job = await gitlabJob();
  assert.equal(await job.run(), EXIT.ok);
  assert.equal(job.io.out, "exchanged\n");
  assert.equal(job.io.err, "");
  const [asked] = job.server.askedAt("/oauth/token");
  assert.equal(asked.method, "POST");
  assert.deepEqual(asked.form, {
    client_id: brand.cliClientId,
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: job.identity,
    subject_token_type: ID_TOKEN_TYPE,
  });
  assert.equal(asked.headers.get("authorization"), null);
  assert.deepEqual([...Deno.readDirSync(job.home.folder)], []);

  await job.run({ json: true, scope: ["deploy"] });
  assert.deepEqual(JSON.parse(job.io.out), {
    token: "exchanged",
    tokenType: "Bearer",
    expiresAt: new Date(job.io.clock.now() + 600_000).toISOString(),
    scopes: ["deploy"],
    resource: null,
    source: "federation",
    server: job.server.issuer,
    account: null,
  });
  assert.equal(job.server.askedAt("/oauth/token")[1].form.scope, "deploy");
});

Deno.test("exchanges the token in a file as a JWT", async () => {
  await using job = await gitlabJob();
  const file = `${job.home.folder}/token`;
  await Deno.writeTextFile(file, `${job.identity}\n`);
  assert.equal(await job.run({ subjectTokenFile: file }), EXIT.ok);
  const [{ form }] = job.server.askedAt("/oauth/token");
  assert.equal(form.subject_token, job.identity);
  assert.equal(form.subject_token_type, JWT_TYPE);
  for (const text of ["", "not a token", jwt({ aud: "https://other.example" })]) {
    await Deno.writeTextFile(file, text);
    assert.equal(await job.run({ subjectTokenFile: file }), EXIT.failure);
    assert.doesNotMatch(job.io.err, /eyJ/);
  }
  assert.equal(job.server.askedAt("/oauth/token").length, 1);
});

Deno.test("sends an identity token for another audience only if that audience is requested", async () => {
  await using job = await gitlabJob();
  job.io.env[OWN_TOKEN] = jwt({ aud: "https://vault.example.com" });
  assert.equal(await job.run(), EXIT.authenticationRequired);
  assert.match(job.io.err, /is for https:\/\/vault\.example\.com/);
  assert.equal(job.server.asked.length, 0);
  assert.equal(await job.run({ federationAudience: "https://vault.example.com" }), EXIT.ok);
});

Deno.test("prefers the requested provider, then the environment, a login, and the job's identity", async () => {
  await using job = await gitlabJob();
  const { io, server } = job;
  await logIn(io, server, "alice@example.com", "of-alice");
  server.script("/oauth/token", exchanged);
  await job.run();
  assert.equal(io.out, "of-alice\n");
  assert.match(io.err, /^Note: using the login of alice@example\.com.*--federation auto/);
  await job.run({ federation: "off" });
  assert.equal(io.out, "of-alice\n");
  assert.equal(io.err, "");
  await job.run({ federation: "auto" });
  assert.equal(io.out, "exchanged\n");
  io.env[`${brand.envPrefix}_TOKEN`] = "from-environment";
  await job.run();
  assert.equal(io.out, "from-environment\n");
  await job.run({ federation: "gitlab" });
  assert.equal(io.out, "exchanged\n");
  delete io.env[`${brand.envPrefix}_TOKEN`];
  // An account can only be that of a login.
  assert.equal(await job.run({ account: "bob@example.com" }), EXIT.authenticationRequired);
  assert.equal(io.out, "");
});

Deno.test("uses a login if an account is named, even if there is none", async () => {
  await using job = await gitlabJob();
  assert.equal(await job.run({ account: "bob@example.com" }), EXIT.authenticationRequired);
  assert.deepEqual([job.io.out, job.server.asked.length], ["", 0]);
});

Deno.test("does not use the job's identity with --federation off", async () => {
  await using job = await gitlabJob();
  assert.equal(await job.run({ federation: "off" }), EXIT.authenticationRequired);
  assert.match(job.io.err, /^Error: Not logged in to /);
  assert.equal(job.server.asked.length, 0);
});

Deno.test("suggests the quoted command that trusts a rejected job", async () => {
  await using job = await gitlabJob();
  job.server.script("/oauth/token", {
    status: 400,
    json: { error: "invalid_request", error_description: "The token is not trusted." },
  });
  assert.equal(await job.run(), EXIT.authenticationRequired);
  assert.equal(job.io.out, "");
  assert.ok(
    job.io.err.includes(
      `${brand.binaryName} admin trust add gitlab acme/api --repository-id 20 ` +
        `--branch 'x; rm -rf ~' --scope SCOPE\n`,
    ),
    job.io.err,
  );
  const message = job.io.err.replaceAll(job.server.issuer, "https://auth.example.com");
  await assertGolden("federation/identity_rejected.txt", message);
});

Deno.test("suggests no rule for a token that was used before or has expired, and no empty reason", async () => {
  await using job = await gitlabJob();
  const { io, server } = job;
  const rejectWith = (json: Record<string, unknown>) =>
    server.script("/oauth/token", { status: 400, json: { error: "invalid_request", ...json } });
  const texts: string[] = [];
  const rejected = async (name: string) => {
    assert.equal(await job.run(), EXIT.authenticationRequired);
    const text = io.err.replaceAll(server.issuer, "https://auth.example.com");
    texts.push(`# ${name}\n${text}`);
    return text;
  };
  rejectWith({ error_description: "The token was used before.", reason: "token_replayed" });
  assert.doesNotMatch(await rejected("a replay in GitLab"), /trust add/);

  const claims = { iss: "https://gitlab.com", aud: server.issuer, sub: "x" };
  io.env[OWN_TOKEN] = jwt({ ...claims, exp: Math.floor(io.clock.now() / 1000) });
  rejectWith({ error_description: "The token is not trusted." });
  assert.doesNotMatch(await rejected("an expired token in GitLab"), /trust add/);

  io.env[OWN_TOKEN] = jwt(claims);
  for (const error_description of ["", " ", "\u202e\u0007", null, 7]) {
    rejectWith({ error_description });
    const text = await rejected(`the description ${JSON.stringify(error_description)}`);
    assert.match(text, /: invalid_request$/m);
  }
  delete io.env[OWN_TOKEN];
  delete io.env.GITLAB_CI;
  const file = `${job.home.folder}/token`;
  io.env[`${brand.envPrefix}_SUBJECT_TOKEN_FILE`] = file;
  rejectWith({ error_description: "The token was used before.", reason: "token_replayed" });
  await Deno.writeTextFile(file, jwt(claims));
  assert.doesNotMatch(await rejected("a replay of a token file"), /trust add|sub\b/);
  // Their subjects depend on settings of the repository.
  rejectWith({ error_description: "The token is not trusted." });
  await Deno.writeTextFile(
    file,
    jwt({ aud: server.issuer, iss: "https://token.actions.githubusercontent.com", sub: "x" }),
  );
  assert.match(await rejected("a token file of GitHub"), /trust add github OWNER\/REPOSITORY/);
  await assertGolden("federation/identity_rejected_causes.txt", texts.join("\n"));
  assert.doesNotMatch(job.io.err, /eyJ/);
});

Deno.test("reports other rejections, and exits for a retry if the server is unavailable", async () => {
  await using job = await gitlabJob();
  job.server.script("/oauth/token", {
    status: 400,
    json: { error: "invalid_scope", error_description: "deployer may not have this scope." },
  });
  assert.equal(await job.run({ scope: ["admin"] }), EXIT.failure);
  assert.match(job.io.err, /deployer may not have this scope/);
  assert.doesNotMatch(job.io.err, /trust add/);
  job.server.script("/oauth/token", { status: 503, json: { error: "temporarily_unavailable" } });
  assert.equal(await job.run(), EXIT.temporaryFailure);
});

Deno.test("narrows the login with --scope where there is one", async () => {
  await using job = await gitlabJob();
  await logIn(job.io, job.server);
  assert.equal(await job.run({ scope: ["deploy"] }), EXIT.ok);
  const { form } = job.server.askedAt("/oauth/token").at(-1)!;
  assert.equal(form.subject_token_type, REFRESH_TOKEN_TYPE);
  assert.equal(form.scope, "deploy");
});

Deno.test("masks a token in the log of GitHub Actions before printing it, whatever its source", async () => {
  await using job = await gitlabJob();
  const { io, server } = job;
  io.env.GITHUB_ACTIONS = "true";
  const written: string[] = [];
  io.stdout = (text) => written.push(`out ${text}`) > 0;
  io.stderr = (text) => void written.push(`err ${text}`);
  await job.run({ federation: "gitlab" });
  assert.deepEqual(written, ["err ::add-mask::exchanged\n", "out exchanged\n"]);
  written.length = 0;
  io.env[`${brand.envPrefix}_TOKEN`] = "100%25";
  await job.run({ server: server.issuer, header: true });
  assert.deepEqual(written, ["err ::add-mask::100%2525\n", "out Authorization: Bearer 100%25\n"]);
  // A terminal is not a log of a runner: there the command would show the token.
  written.length = 0;
  io.stderrIsTerminal = true;
  await job.run({ server: server.issuer });
  assert.deepEqual(written, ["out 100%25\n"]);
});

Deno.test("status shows whether the job's identity would be used, or why not", async () => {
  await using job = await gitlabJob();
  const { io, server } = job;
  assert.equal(await runCommand(io, (io) => status({}, io)), EXIT.ok);
  assert.match(io.out, /^Not logged in: .*\(gitlab\) at/);
  io.out = "";
  await runCommand(io, (io) => status({ json: true }, io));
  assert.deepEqual(JSON.parse(io.out), {
    loggedIn: true,
    source: "federation",
    server: server.issuer,
    account: null,
    expiresAt: null,
    federation: { provider: "gitlab", server: server.issuer, problem: null },
    logins: [],
  });
  io.out = "";
  delete io.env[OWN_TOKEN];
  assert.equal(await runCommand(io, (io) => status({}, io)), EXIT.authenticationRequired);
  assert.match(io.out, /cannot be used: .*\n {2}id_tokens:/);
  assert.equal(server.asked.length, 0);
});

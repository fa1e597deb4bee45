/**
 * Workload identity from end to end: an operator's command, then the program as a
 * job of each provider runs it, with nothing but what the provider puts into the
 * environment, then an API that checks the token.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { CA_FILE_VARIABLE } from "../../shared/certificate_authorities.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, run } from "../support/binary.ts";
import { jobClaims, type OidcIssuer, startIssuer } from "../support/oidc_issuer.ts";
import { parseOutput } from "../support/output_schema.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TOKEN_FILE = `${brand.envPrefix}_SUBJECT_TOKEN_FILE`;

interface Active {
  active: boolean;
  sub: string;
  username: string;
  scope: string;
  act: { iss: string; sub: string };
  workload: Record<string, string>;
}

interface Federation extends AsyncDisposable {
  server: string;
  issuer: OidcIssuer;
  /** Only of this test. */
  folder: string;
  /** The job's home. */
  jobFolder: string;
  operate(args: string[]): Promise<Ended>;
  /** The program in a job: a home of its own, the server's name, and `env`. */
  job(args: string[], env: Record<string, string>): Promise<Ended>;
  /** Asks as an API would. */
  introspect(token: string): Promise<Active>;
}

async function federation(
  { tls, env, privateIssuers = "on" }: {
    tls?: { cert: string; key: string };
    /** Of the server, besides its home. */
    env?: Record<string, string>;
    privateIssuers?: "on" | "off";
  } = {},
): Promise<Federation> {
  await using cleanUp = new AsyncDisposableStack();
  const issuer = cleanUp.use(await startIssuer({ tls }));
  const home = cleanUp.use(await temporaryHome());
  const jobHome = cleanUp.use(await temporaryHome());
  const dataDir = join(home.folder, "data");
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(
    config,
    `federation_private_issuers = "${privateIssuers}"\n[scopes]\ndeploy = "Deploy your services"\n`,
  );
  const place = ["--data-dir", dataDir, "--config", config];
  const server = cleanUp.use(await startServer({ dataDir, env, args: ["--config", config] }));
  const operate = (args: string[]) => run([...args, ...place], { env: home.env });
  const api = await operate(["admin", "client", "add", "deployer"]);
  const [, id] = /client_id: (\S+)/.exec(api.stderr) ?? [];
  const authorization = `Basic ${btoa(`${id}:${api.stdout.trim()}`)}`;
  const owned = cleanUp.move();
  return {
    server: server.issuer,
    issuer,
    folder: home.folder,
    jobFolder: jobHome.folder,
    operate,
    job: (args, env) =>
      run(args, {
        env: { ...jobHome.env, [`${brand.envPrefix}_SERVER`]: server.issuer, ...env },
      }),
    async introspect(token) {
      const response = await fetch(`${server.issuer}/oauth/introspect`, {
        method: "POST",
        headers: { authorization },
        body: new URLSearchParams({ token }),
      });
      return await response.json();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function trust(world: Federation, ...args: string[]): Promise<void> {
  const added = await world.operate(["admin", "trust", "add", ...args, "--scope", "deploy"]);
  assert.equal(added.code, EXIT.ok, added.stderr);
}

/** The job's `token` prints a token that is active for an API; returns what the API gets. */
async function works(
  world: Federation,
  env: Record<string, string>,
  args: string[] = [],
): Promise<Active> {
  const { code, stdout, stderr } = await world.job(["token", ...args], env);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const introspection = await world.introspect(stdout.trim());
  assert.equal(introspection.active, true);
  assert.equal(introspection.scope, "deploy");
  assert.match(introspection.sub, /^[0-9a-f-]{36}$/);
  return introspection;
}

/** Puts a program with this name and shell script first on the PATH. */
async function program(world: Federation, name: string, script: string): Promise<string> {
  const folder = join(world.folder, "bin");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
  return `${folder}:${Deno.env.get("PATH")}`;
}

Deno.test("GitHub Actions: from one command and the job's environment to an API call", async () => {
  await using world = await federation();
  const claims = await jobClaims("github", {
    repository: "acme/api",
    repository_id: "1",
    environment: undefined,
    sub: "repo:acme@65/api@1:ref:refs/heads/main",
  });
  const env = world.issuer.actionsJob(claims);
  await trust(
    world,
    "github",
    "acme/api",
    ...["--repository-id", "1"],
    ...["--branch", "main"],
    ...[
      "--issuer",
      world.issuer.url,
    ],
  );
  const introspection = await works(world, env);
  assert.deepEqual(introspection.act, { iss: world.issuer.url, sub: claims.sub });
  assert.equal(introspection.workload.repository, "acme/api");
  assert.equal(introspection.username, "github:acme/api:main");

  // Each call asks for a token of its own, and the log never shows what was printed.
  const { stdout, stderr } = await world.job(["token", "--json"], env);
  const printed = JSON.parse(stdout);
  assert.equal(printed.source, "federation");
  assert.deepEqual(printed.scopes, ["deploy"]);
  assert.equal(stderr, `::add-mask::${printed.token}\n`);

  // Nothing is stored: the home folder has only what the test created.
  const names = [...Deno.readDirSync(world.jobFolder)].map(({ name }) => name);
  assert.deepEqual(names, ["tmp"]);

  const status = await world.job(["status", "--json"], env);
  assert.equal(status.code, EXIT.ok);
  const { federation: identity } = JSON.parse(status.stdout);
  assert.deepEqual(identity, { provider: "github", server: world.server, problem: null });

  // The same repository from another branch: refused, with the command that would trust it.
  const other = await world.job(
    ["token"],
    world.issuer.actionsJob({ ...claims, ref: "refs/heads/it's" }),
  );
  assert.equal(other.code, EXIT.authenticationRequired);
  assert.equal(other.stdout, "");
  assert.ok(
    other.stderr.includes(
      `${brand.binaryName} admin trust add github-enterprise acme/api --repository-id 1 ` +
        `--branch 'it'\\''s' --issuer ${world.issuer.url} --scope SCOPE\n`,
    ),
    other.stderr,
  );
  assert.doesNotMatch(other.stderr, /eyJ/);

  // The operator asks why the run got a token, and the other one did not.
  const why = async (run: string) => {
    const { code, stdout, stderr } = await world.operate([
      "admin",
      "audit",
      "--why",
      run,
      "--json",
    ]);
    assert.equal(code, EXIT.ok, stderr);
    return parseOutput("admin-audit-why", stdout) as {
      kind: string;
      state: string;
      facts: { name: string; value: string }[];
      steps: { text: string }[];
    };
  };
  const run = await why(String(claims.run_id));
  assert.deepEqual([run.kind, run.state], ["run", "refused"]);
  const facts = new Map(run.facts.map(({ name, value }) => [name, value]));
  assert.equal(facts.get("issuer"), world.issuer.url);
  assert.equal(facts.get("repository"), "acme/api");
  assert.equal(facts.get("acts as"), "github:acme/api:main");
  const text = run.steps.map((step) => step.text).join("\n");
  assert.match(text, /the trust rule .* was created by operator/);
  assert.match(text, /got an access token from .*, with the scopes deploy/);
  assert.match(text, /was refused from /);
  assert.equal((await why(String(claims.sub))).kind, "run");
});

Deno.test("GitHub Actions without the permission prints the lines to add to the workflow", async () => {
  await using home = await temporaryHome();
  const server = { [`${brand.envPrefix}_SERVER`]: "http://127.0.0.1:9" };
  const env = { ...home.env, ...server, CI: "true", GITHUB_ACTIONS: "true" };
  const { code, stdout, stderr } = await run(["token"], { env });
  assert.equal(code, EXIT.authenticationRequired);
  assert.equal(stdout, "");
  assert.match(stderr, /\n {2}permissions:\n {4}id-token: write\n/);
});

Deno.test("GitLab: exchanges the variable whose audience is the server, repeatedly within the job", async () => {
  await using world = await federation();
  const claims = await jobClaims("gitlab", {
    project_path: "acme/api",
    project_id: "20",
    environment: undefined,
    ref: "main",
  });
  const env = {
    CI: "true",
    GITLAB_CI: "true",
    VAULT_ID_TOKEN: await world.issuer.sign({ ...claims, aud: "https://vault.example.com" }),
    DEPLOY_ID_TOKEN: await world.issuer.sign({ ...claims, aud: world.server }),
  };
  await trust(
    world,
    ...["gitlab-self-managed", "acme/api", "--issuer", world.issuer.url],
    ...["--repository-id", "20", "--branch", "main"],
  );
  const introspection = await works(world, env);
  assert.equal(introspection.act.sub, claims.sub);
  assert.equal(introspection.workload.project_path, "acme/api");

  // A job has one token for all its life.
  await works(world, env);

  const { DEPLOY_ID_TOKEN: _, ...without } = env;
  const missing = await world.job(["token"], without);
  assert.equal(missing.code, EXIT.authenticationRequired);
  assert.ok(
    missing.stderr.endsWith(
      `  id_tokens:\n    ${brand.envPrefix}_ID_TOKEN:\n      aud: ${world.server}\n`,
    ),
    missing.stderr,
  );
});

Deno.test({
  name: "Buildkite: requests a token for the server from the agent",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using world = await federation();
    const claims = await jobClaims("buildkite", {
      organization_slug: "acme",
      pipeline_slug: "api",
    });
    const token = await world.issuer.sign({ ...claims, aud: world.server });
    const asked = join(world.folder, "asked");
    const PATH = await program(
      world,
      "buildkite-agent",
      `echo "$@" > '${asked}'\necho 'a warning' >&2\necho '${token}'\n`,
    );
    const env = { CI: "true", BUILDKITE: "true", PATH };
    await trust(
      world,
      ...["buildkite", "acme/api", "--branch", "main", "--issuer", world.issuer.url],
    );
    const introspection = await works(world, env);
    assert.equal(introspection.act.sub, claims.sub);
    assert.equal(introspection.workload.pipeline_slug, "api");
    assert.equal(
      await Deno.readTextFile(asked),
      `oidc request-token --audience ${world.server}\n`,
    );
    await program(world, "buildkite-agent", "echo 'fatal: no such job' >&2\nexit 3\n");
    const failed = await world.job(["token"], env);
    assert.equal(failed.code, EXIT.failure);
    assert.match(failed.stderr, /fatal: no such job/);
  },
});

Deno.test({
  name: "CircleCI: requests a token for the server, and does not send the organization's",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using world = await federation();
    const claims = await jobClaims("circleci");
    const organization = "3c1f8e1e-5a0c-4a6e-9a5e-111111111111";
    const organizationToken = await world.issuer.sign({
      ...claims,
      aud: organization,
      jti: undefined,
    });
    const serverToken = await world.issuer.sign({ ...claims, aud: world.server, jti: undefined });
    const asked = join(world.folder, "asked");
    const env = { CI: "true", CIRCLECI: "true", CIRCLE_OIDC_TOKEN_V2: organizationToken };
    const project = `oidc.circleci.com/project-id=${claims["oidc.circleci.com/project-id"]}`;
    const rule = ["circleci", "--issuer", world.issuer.url, "--condition", project];
    await trust(world, ...rule);

    const without = await world.job(["token"], env);
    assert.equal(without.code, EXIT.authenticationRequired);
    assert.match(without.stderr, /--federation-audience/);

    const script = `echo "$@" > '${asked}'\necho '${serverToken}'\n`;
    const PATH = await program(world, "circleci", script);
    const introspection = await works(world, { ...env, PATH });
    assert.ok(String(claims.sub).startsWith(introspection.act.sub));
    assert.equal(
      await Deno.readTextFile(asked),
      `run oidc get --claims {"aud":"${world.server}"}\n`,
    );

    await trust(world, ...rule, "--audience", organization, "--name", "whole-organization");
    await works(world, env, ["--federation-audience", organization]);
  },
});

Deno.test("Bitbucket: uses the step's token if it is for the server", async () => {
  await using world = await federation();
  const claims = await jobClaims("bitbucket");
  const env = async (...aud: string[]) => ({
    CI: "true",
    BITBUCKET_PIPELINE_UUID: "{1}",
    BITBUCKET_STEP_OIDC_TOKEN: await world.issuer.sign({ ...claims, aud }),
  });
  const uuid = String(claims.repositoryUuid);
  await trust(world, "bitbucket", uuid, "--branch", "main", "--issuer", world.issuer.url);
  const introspection = await works(world, await env("https://other.example", world.server));
  assert.equal(introspection.act.sub, claims.sub);
  assert.equal(introspection.workload.repositoryUuid, uuid);
  const other = await world.job(["token"], await env("https://other.example"));
  assert.equal(other.code, EXIT.authenticationRequired);
  assert.match(other.stderr, new RegExp(`oidc:\n {4}audiences:\n {6}- ${world.server}\n`));
});

Deno.test("Kubernetes: uses a projected token, by variable and by option", async () => {
  await using world = await federation();
  const claims = await jobClaims("kubernetes", { sub: "system:serviceaccount:ci:deployer" });
  const file = join(world.folder, "token");
  const write = async () =>
    await Deno.writeTextFile(
      file,
      `${await world.issuer.sign({ ...claims, aud: [world.server] })}\n`,
    );
  await trust(world, "kubernetes", "ci/deployer", "--issuer", world.issuer.url);
  await write();
  const introspection = await works(world, { [TOKEN_FILE]: file });
  assert.equal(introspection.act.sub, "system:serviceaccount:ci:deployer");
  await write();
  await works(world, {}, ["--subject-token-file", file]);

  // The kubelet leaves the same token in the file for minutes, and every command reads it.
  const pod = { [TOKEN_FILE]: file };
  const stillTheSame = await Deno.readTextFile(file);
  await works(world, pod);
  await works(world, pod);
  const kubectl = await world.job(["auth", "kubectl"], pod);
  assert.equal(kubectl.code, EXIT.ok, kubectl.stderr);
  const credential = JSON.parse(kubectl.stdout);
  assert.equal(credential.kind, "ExecCredential");
  assert.equal((await world.introspect(credential.status.token)).active, true);
  const printToken = ["sh", "-c", `echo "$${brand.envPrefix}_TOKEN"`];
  const exec = await world.job(["exec", "--", ...printToken], pod);
  assert.equal(exec.code, EXIT.ok, exec.stderr);
  assert.equal((await world.introspect(exec.stdout.trim())).active, true);
  assert.equal(await Deno.readTextFile(file), stillTheSame);
  const missing = await world.job(["token", "--subject-token-file", `${file}s`], {});
  assert.equal(missing.code, EXIT.failure);
  assert.match(missing.stderr, /there is no such file/);
});

Deno.test("Google Cloud: asks the metadata server only if federation is configured", async () => {
  await using world = await federation();
  const claims = await jobClaims("google");
  const env = world.issuer.googleMachine(claims);
  await trust(world, "google", String(claims.sub), "--issuer", world.issuer.url);
  const unasked = await world.job(["token"], env);
  assert.equal(unasked.code, EXIT.authenticationRequired);
  assert.deepEqual(world.issuer.requests, []);
  const introspection = await works(world, env, ["--federation", "google"]);
  assert.equal(introspection.act.sub, claims.sub);
  assert.equal(introspection.workload.email, claims.email);
  await works(world, { ...env, K_SERVICE: "deployer" });
});

const certificate = (name: string) =>
  fileURLToPath(new URL(`../support/certificate/${name}.pem`, import.meta.url));

Deno.test("rejects an issuer's certificate from an unknown authority", async () => {
  const tls = {
    cert: await Deno.readTextFile(certificate("cert")),
    key: await Deno.readTextFile(certificate("key")),
  };
  const claims = await jobClaims("kubernetes", { sub: "system:serviceaccount:ci:deployer" });
  for (const [caFile, trusted] of [[certificate("cert"), true], ["", false]] as const) {
    await using world = await federation({ tls, env: { [CA_FILE_VARIABLE]: caFile } });
    await trust(world, "kubernetes", "ci/deployer", "--issuer", world.issuer.url);
    const file = join(world.folder, "token");
    await Deno.writeTextFile(file, await world.issuer.sign({ ...claims, aud: [world.server] }));
    if (trusted) await works(world, { [TOKEN_FILE]: file });
    else {
      const { code } = await world.job(["token"], { [TOKEN_FILE]: file });
      assert.equal(code, EXIT.temporaryFailure);
      assert.deepEqual(world.issuer.requests, []);
    }
  }
});

Deno.test("never connects to a private address that a rule or a token names", async () => {
  await using world = await federation({ privateIssuers: "off" });
  const issuer = ["--issuer", world.issuer.url];
  const scope = ["--scope", "deploy"];
  const traversal = await world.operate(
    ["admin", "trust", "add", "github-enterprise", "../../latest/meta-data", ...issuer, ...scope],
  );
  assert.equal(traversal.code, EXIT.usage);
  // The name is trusted instead of the number, which could not be looked up.
  await trust(world, "github-enterprise", "acme/api", "--branch", "main", ...issuer);
  const claims = await jobClaims("github", { repository: "acme/api", ref: "refs/heads/main" });
  const file = join(world.folder, "token");
  await Deno.writeTextFile(file, await world.issuer.sign({ ...claims, aud: world.server }));
  const { code } = await world.job(["token"], { [TOKEN_FILE]: file });
  // No passing trouble: the settings would have to change.
  assert.equal(code, EXIT.authenticationRequired);
  assert.deepEqual(world.issuer.requests, []);
});

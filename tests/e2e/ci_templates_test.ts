/** The composite action and the GitLab template, step by step, against our own mirror and issuer. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parse } from "yaml";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import {
  archiveFolder,
  archiveName,
  CHECKSUMS_FILE,
  programInArchive,
  PROVENANCE_FILE,
} from "../../shared/release.ts";
import { binaryPath, run } from "../support/binary.ts";
import { codeBlocks, readFromRoot } from "../support/documentation.ts";
import { jobClaims, type OidcIssuer, startIssuer } from "../support/oidc_issuer.ts";
import { startServer } from "../support/server_process.ts";
import { type TemporaryHome, temporaryHome } from "../support/temporary_home.ts";
import { writeTool } from "../support/tool_folder.ts";
import { gitlabJob, runAction } from "../support/workflow_steps.ts";

const ACTION = ".github/actions/setup-yourapp/action.yml";
const WORKFLOW = "docs/federation/github.md";
const TEMPLATE = "docs/ci/gitlab.yml";

const target = Deno.build.target;
const VERSION = "9.8.7";
const archive = archiveName(VERSION, target);
const path = (file: string) => `/download/v${VERSION}/${file}`;

interface Mirror extends AsyncDisposable {
  url: string;
  /** What was fetched. */
  fetched: string[];
  files: Map<string, Uint8Array<ArrayBuffer>>;
  sha256: string;
}

/** A download host with one release of `program`, laid out and packed as a real one. */
async function mirror(program: string, folder: string): Promise<Mirror> {
  await Deno.mkdir(join(folder, archiveFolder(VERSION, target)), { recursive: true });
  await Deno.copyFile(program, join(folder, programInArchive(VERSION, target)));
  const tar = await new Deno.Command("tar", {
    args: ["--use-compress-program=gzip -1", "-cf", archive, archiveFolder(VERSION, target)],
    cwd: folder,
  }).output();
  assert.equal(tar.code, 0, new TextDecoder().decode(tar.stderr));
  const packed = await Deno.readFile(join(folder, archive));
  const sha256 = createHash("sha256").update(packed).digest("hex");
  const sums = `${"0".repeat(64)}  other-${archive}\n${sha256}  ${archive}\n`;
  const files = new Map([
    [path(archive), packed],
    [path(CHECKSUMS_FILE), new TextEncoder().encode(sums)],
    [path(PROVENANCE_FILE), new TextEncoder().encode("{}")],
  ]);
  const fetched: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    fetched.push(pathname);
    const file = files.get(pathname);
    return new Response(file ?? null, { status: file === undefined ? 404 : 200 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    fetched,
    files,
    sha256,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface World extends AsyncDisposable {
  home: TemporaryHome;
  issuer: OidcIssuer;
  server: string;
  releases: Mirror;
}

/** A server that trusts `acme/api` on its main branch at our issuer, and a mirror of the program. */
async function world(provider: string): Promise<World> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const issuer = cleanUp.use(await startIssuer());
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(
    config,
    'federation_private_issuers = "on"\n[scopes]\ndeploy = "Deploy"\nread = "Read"\n',
  );
  const dataDir = join(home.folder, "data");
  const server = cleanUp.use(await startServer({ dataDir, args: ["--config", config] }));
  const added = await run([
    ...["admin", "trust", "add", provider, "acme/api", "--repository-id", "1"],
    ...["--branch", "main", "--issuer", issuer.url, "--scope", "deploy", "--scope", "read"],
    ...["--data-dir", dataDir, "--config", config],
  ], { env: home.env });
  assert.equal(added.code, EXIT.ok, added.stderr);
  const releases = cleanUp.use(await mirror(binaryPath(), home.folder));
  const owned = cleanUp.move();
  return {
    home,
    issuer,
    server: server.issuer,
    releases,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const github = {
  action_ref: "v9.8.7",
  action_repository: "acme/tools",
  repository: "acme/api",
  server_url: "https://github.example",
  token: "ghs_job",
};

/** A folder with a gh that writes its arguments to the log and exits with this code. */
async function fakeGh(folder: string, code = 0): Promise<string> {
  const tools = join(folder, "tools");
  await Deno.mkdir(tools, { recursive: true });
  await writeTool(tools, "gh", `echo "gh $*"; exit ${code}`);
  return tools;
}

/** On Windows the action runs in Git's bash, which nothing here can replace. */
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "the action installs, verifies, logs in and outputs the token, masked",
  ignore,
  async fn() {
    await using it = await world("github");
    const claims = await jobClaims("github", {
      repository: "acme/api",
      repository_id: "1",
      environment: undefined,
    });
    const env = { ...it.home.env, ...it.issuer.actionsJob(claims) };
    const tools = await fakeGh(it.home.folder);
    const runner = { folder: it.home.folder, env, github, tools };
    const inputs = { server: it.server, "download-url": `${it.releases.url}/`, scope: "deploy" };
    const result = await runAction(ACTION, { ...inputs, "export-token": "true" }, runner);
    assert.equal(result.code, 0, result.log);
    assert.match(result.outputs.token, /^eyJ/);
    assert.equal(result.env[`${brand.envPrefix}_TOKEN`], result.outputs.token);
    assert.equal(result.env[`${brand.envPrefix}_SERVER`], it.server);
    assert.doesNotMatch(result.log, /eyJ|add-mask/);
    const files = [archive, CHECKSUMS_FILE, PROVENANCE_FILE];
    assert.deepEqual(it.releases.fetched, files.map(path));
    assert.match(
      result.log,
      new RegExp(
        `^gh attestation verify .*/${archive} --bundle .*/${PROVENANCE_FILE} --repo acme/tools ` +
          "--signer-workflow acme/tools/.github/workflows/release-brand.yml " +
          "--source-ref refs/tags/v9.8.7 --deny-self-hosted-runners$",
        "m",
      ),
    );
    const userinfo = await fetch(`${it.server}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${result.outputs.token}` },
    });
    // Known to the server, but not for this: the token has only the requested scope.
    assert.equal(userinfo.status, 403);
    await userinfo.body?.cancel();

    // A later step, with the token and without.
    const [folder] = result.path;
    const later = { ...env, ...result.env, PATH: `${folder}:${Deno.env.get("PATH")}` };
    const again = await run(["token"], { env: later }, join(folder, brand.binaryName));
    assert.equal(again.stdout, `${result.outputs.token}\n`);
    const quiet = await runAction(ACTION, inputs, runner);
    assert.equal(quiet.code, 0, quiet.log);
    assert.deepEqual(Object.keys(quiet.env), [`${brand.envPrefix}_SERVER`]);
    const fresh = await run(["token"], {
      env: { ...env, ...quiet.env },
    });
    assert.match(fresh.stdout, /^eyJ/);
  },
});

Deno.test({
  name: "the workflow of docs/federation/github.md calls an API",
  ignore,
  async fn() {
    await using it = await world("github");
    const [block] = codeBlocks(WORKFLOW, await readFromRoot(WORKFLOW))
      .filter(({ language }) => language === "yaml");
    const { permissions, jobs: { deploy: { steps: [setup, call] } } } = parse(block.code);
    assert.equal(permissions["id-token"], "write");
    assert.match(setup.uses, /\/\.github\/actions\/setup-yourapp@/);
    const claims = await jobClaims("github", {
      repository: "acme/api",
      repository_id: "1",
      environment: undefined,
    });
    const env = { ...it.home.env, ...it.issuer.actionsJob(claims) };
    const runner = {
      folder: it.home.folder,
      env,
      github,
      tools: await fakeGh(it.home.folder),
    };
    await using api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { authorization = "" } = Object.fromEntries(request.headers);
      return fetch(`${it.server}/auth/verify?scope=deploy`, { headers: { authorization } });
    });
    const localize = (text: string) =>
      text.replaceAll("https://auth.example.com", it.server)
        .replaceAll("https://api.example.com", `http://127.0.0.1:${api.addr.port}`);
    const inputs = Object.fromEntries(
      Object.entries<string>(setup.with).map(([name, value]) => [name, localize(value)]),
    );
    const action = await runAction(
      ACTION,
      { ...inputs, "download-url": it.releases.url },
      runner,
    );
    assert.equal(action.code, 0, action.log);
    const PATH = [...action.path, Deno.env.get("PATH")].join(":");
    const job = { env: { ...env, ...action.env, PATH }, cwd: it.home.folder };
    const called = await run(["-e", "-c", localize(call.run)], job, "bash");
    assert.equal(called.code, 0, called.stderr);
  },
});

Deno.test({
  name: "the action rejects an archive that does not match its checksums",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    const program = join(home.folder, "program");
    await Deno.writeTextFile(program, "#!/bin/sh\necho installed\n", { mode: 0o755 });
    await using releases = await mirror(program, home.folder);
    const tools = await fakeGh(home.folder);
    const runner = { folder: home.folder, env: home.env, github, tools };
    const inputs = {
      server: "https://auth.example.com",
      login: "false",
      "download-url": releases.url,
    };
    const good = await runAction(ACTION, { ...inputs, sha256: releases.sha256 }, runner);
    assert.equal(good.code, 0, good.log);
    assert.match(good.log, /^installed$/m);
    assert.equal(good.path.length, 1);
    assert.equal(good.outputs.token, "");

    const refuses = async (changes: Record<string, string>, reason: RegExp, context = github) => {
      const result = await runAction(ACTION, { ...inputs, ...changes }, {
        ...runner,
        github: context,
      });
      assert.equal(result.code, 1, result.log);
      assert.match(result.log, reason);
      assert.deepEqual(result.path, []);
      assert.doesNotMatch(result.log, /^installed$/m);
    };
    await refuses({ sha256: "f".repeat(64) }, /does not match the input sha256/);
    await refuses({ version: "v0.0.1" }, /Cannot download .*\/v0\.0\.1\//);
    await refuses({ version: "v1.0.0/../../evil" }, /Name the release/);
    await refuses({}, /Name the release/, { ...github, action_ref: "main" });
    await refuses({ "download-url": "http://mirror.example" }, /Cannot download/);
    const line = { server: "https://auth.example.com\nPATH=/tmp" };
    const injected = await runAction(ACTION, { ...inputs, ...line }, runner);
    assert.equal(injected.code, 1);
    assert.match(injected.log, /Name your server/);
    assert.deepEqual(injected.env, {});
    await fakeGh(home.folder, 1);
    await refuses({}, /gh does not confirm that acme\/tools\/\S+ built/);
    const unverified = await runAction(ACTION, { ...inputs, "verify-provenance": "false" }, runner);
    assert.equal(unverified.code, 0, unverified.log);
    await fakeGh(home.folder);
    releases.files.delete(path(PROVENANCE_FILE));
    await refuses({}, /Cannot download .*provenance/);
    releases.files.get(path(archive))![100] ^= 1;
    await refuses({}, /does not match SHA256SUMS/);
    releases.files.set(path(CHECKSUMS_FILE), new Uint8Array());
    await refuses({}, /instead of nothing/);
  },
});

Deno.test({
  name: "without TLS, releases come only from this machine",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const program = join(home.folder, "program");
    await Deno.writeTextFile(program, "#!/bin/sh\necho installed\n", { mode: 0o755 });
    await using elsewhere = await mirror(program, home.folder);
    const { port } = new URL(elsewhere.url);
    using redirecting = startRedirects(`http://localhost:${port}`);
    const job = await gitlabJob(TEMPLATE, `.${brand.binaryName}`);
    const gitlab = (url: string) =>
      job.run([], {
        ...home.env,
        [`${brand.envPrefix}_SERVER`]: "https://auth.example.com",
        [`${brand.envPrefix}_VERSION`]: "v9.8.7",
        [`${brand.envPrefix}_RELEASES`]: url,
      }, home.folder);
    const tools = await fakeGh(home.folder);
    const action = (url: string) =>
      runAction(ACTION, {
        server: "https://auth.example.com",
        login: "false",
        "download-url": url,
      }, { folder: home.folder, env: home.env, github, tools });
    for (
      const url of [
        `http://127.0.0.1:x@localhost:${port}`,
        `http://127.0.0.1:1@localhost:${port}/`,
        `http://127.0.0.1@localhost:${port}`,
        `http://localhost:${port}`,
        redirecting.url,
      ]
    ) {
      assert.equal((await gitlab(url)).code, 1, url);
      assert.equal((await action(url)).code, 1, url);
      assert.deepEqual(elsewhere.fetched, [], url);
    }
    assert.equal((await action(`${elsewhere.url}/`)).code, 0);
  },
});

/** A server of this machine that redirects everything to the same path there. */
function startRedirects(target: string) {
  const stop = new AbortController();
  const { signal } = stop;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, signal },
    (request) => Response.redirect(target + new URL(request.url).pathname),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.dispose]: () => stop.abort(),
  };
}

Deno.test({
  name: "the action without the permission fails with the lines to add to the workflow",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    await using releases = await mirror(binaryPath(), home.folder);
    const env = { ...home.env, CI: "true", GITHUB_ACTIONS: "true" };
    const inputs = { server: "https://auth.example.com", "download-url": releases.url };
    const tools = await fakeGh(home.folder);
    const result = await runAction(ACTION, inputs, { folder: home.folder, env, github, tools });
    assert.equal(result.code, EXIT.authenticationRequired);
    assert.match(result.log, /id-token: write/);
    assert.deepEqual(result.outputs, {});
  },
});

Deno.test({
  name: "the GitLab template gives a job the program and a token",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using it = await world("gitlab-self-managed");
    const job = await gitlabJob(TEMPLATE, `.${brand.binaryName}`);
    const variables: Record<string, string> = {
      [`${brand.envPrefix}_SERVER`]: it.server,
      [`${brand.envPrefix}_VERSION`]: "v9.8.7",
      [`${brand.envPrefix}_RELEASES`]: it.releases.url,
    };
    const claims = await jobClaims("gitlab", {
      project_path: "acme/api",
      project_id: "1",
      ref: "main",
      environment: undefined,
    });
    const env: Record<string, string> = { ...it.home.env, ...variables, GITLAB_CI: "true" };
    for (const [name, { aud }] of Object.entries(job.idTokens)) {
      env[name] = await it.issuer.sign({ ...claims, aud: variables[aud.slice(1)] });
    }
    const script = [`echo "got $${brand.envPrefix}_TOKEN"`, `${brand.binaryName} token`];
    const good = await job.run(script, env, it.home.folder);
    assert.equal(good.code, 0, good.stderr);
    const [, token] = /^got (eyJ\S+)\n/.exec(good.stdout) ?? [];
    assert.equal(good.stdout, `got ${token}\n${token}\n`);

    const pinned = { ...env, [`${brand.envPrefix}_SHA256`]: "f".repeat(64) };
    const refused = await job.run(script, pinned, it.home.folder);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /does not match \S+_SHA256/);
    assert.equal(refused.stdout, "");

    // GitLab gives a job one token: its caller may exchange it again while it lives.
    const again = await job.run(script, env, it.home.folder);
    assert.equal(again.code, EXIT.ok, again.stderr);
  },
});

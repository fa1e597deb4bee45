import { strict as assert } from "node:assert";
import { bitbucket } from "../../../client/federation/providers/bitbucket.ts";
import { buildkite } from "../../../client/federation/providers/buildkite.ts";
import { detectProvider, requestedProvider } from "../../../client/federation/detect.ts";
import { circleci } from "../../../client/federation/providers/circleci.ts";
import { githubActions } from "../../../client/federation/providers/github_actions.ts";
import { gitlabCi } from "../../../client/federation/providers/gitlab_ci.ts";
import { googleMetadata } from "../../../client/federation/providers/google_metadata.ts";
import { FEDERATION_CHOICES, PROVIDER_NAMES } from "../../../client/federation/provider_names.ts";
import { tokenFile } from "../../../client/federation/providers/token_file.ts";
import type { Claims, WorkloadProvider } from "../../../client/federation/provider.ts";
import { ClientError } from "../../../client/errors.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { jwt } from "../../support/client_home.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { documentedClaims } from "../../support/oidc_issuer.ts";

const AUDIENCE = "https://auth.example.com";
const TOKEN_FILE = `${brand.envPrefix}_SUBJECT_TOKEN_FILE`;

const forUs = jwt({ aud: AUDIENCE });
const forOthers = jwt({ aud: ["https://other.example"] });

/** The environment of a job of each provider, and whether it has what a token takes. */
const environments: [name: string, provider: string, env: Record<string, string>, good: boolean][] =
  [
    ["GitHub with the permission", "github", {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.example/token?api-version=2.0",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
    }, true],
    ["GitHub without", "github", { GITHUB_ACTIONS: "true" }, false],
    ["GitHub with an address anyone could read along", "github", {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: "http://pipelines.example/token",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
    }, false],
    ["GitLab", "gitlab", { GITLAB_CI: "true", MY_ID_TOKEN: forUs }, true],
    ["GitLab with a plain name", "gitlab", { GITLAB_CI: "true", ID_TOKEN: forUs }, true],
    ["GitLab for others", "gitlab", { GITLAB_CI: "true", MY_ID_TOKEN: forOthers }, false],
    [
      "GitLab with something else",
      "gitlab",
      { GITLAB_CI: "true", MY_ID_TOKEN: "words", OTHER: forUs },
      false,
    ],
    ["Buildkite", "buildkite", { BUILDKITE: "true" }, true],
    ["CircleCI", "circleci", { CIRCLECI: "true", CIRCLE_OIDC_TOKEN_V2: forUs }, true],
    ["CircleCI of a fork", "circleci", { CIRCLECI: "true" }, false],
    ["Bitbucket", "bitbucket", { BITBUCKET_STEP_OIDC_TOKEN: forUs }, true],
    ["Bitbucket without oidc", "bitbucket", { BITBUCKET_PIPELINE_UUID: "{1}" }, false],
    ["Bitbucket for others", "bitbucket", { BITBUCKET_STEP_OIDC_TOKEN: forOthers }, false],
    ["a token file", "kubernetes", { [TOKEN_FILE]: "/var/run/secrets/tokens/own" }, true],
    ["Cloud Run", "google", { K_SERVICE: "deployer" }, true],
    ["a Cloud Run job", "google", { CLOUD_RUN_JOB: "deployer" }, true],
  ];

Deno.test("each provider is known by its environment, and says what is missing there", () => {
  for (const [name, wanted, env, good] of environments) {
    const found = detectProvider(env);
    assert.equal(found?.name, wanted, name);
    const obstacle = found!.obstacle(AUDIENCE, env);
    assert.equal(obstacle === undefined, good, `${name}: ${obstacle}`);
    // No token is repeated to anybody.
    assert.doesNotMatch(obstacle ?? "", /eyJ/);
  }
  assert.equal(detectProvider({ CI: "true", KUBERNETES_SERVICE_HOST: "10.0.0.1" }), undefined);
});

Deno.test("a file that was named comes before the CI service the machine works for", () => {
  const env = { [TOKEN_FILE]: "/token", GITHUB_ACTIONS: "true", K_SERVICE: "x" };
  assert.equal(detectProvider(env)?.name, "kubernetes");
  assert.equal(detectProvider({ GITHUB_ACTIONS: "true", K_SERVICE: "x" })?.name, "github");
});

Deno.test("every choice of --federation leads somewhere", () => {
  const env = { BUILDKITE: "true" };
  for (const federation of FEDERATION_CHOICES) {
    const expected = federation === "off"
      ? undefined
      : federation === "auto"
      ? "buildkite"
      : federation;
    assert.equal(requestedProvider({ federation }, env)?.name, expected);
  }
  assert.equal(requestedProvider({}, env), undefined);
  const nothing = () => requestedProvider({ federation: "auto" }, {});
  assert.throws(nothing, { exitCode: EXIT.authenticationRequired });
  const contradiction = { federation: "github", subjectTokenFile: "/token" } as const;
  assert.throws(() => requestedProvider(contradiction, {}), { exitCode: EXIT.usage });
  assert.equal(requestedProvider({ subjectTokenFile: "/token" }, {})?.name, "kubernetes");
});

const named: Record<(typeof PROVIDER_NAMES)[number], WorkloadProvider> = {
  github: githubActions,
  gitlab: gitlabCi,
  buildkite,
  circleci,
  bitbucket,
  kubernetes: tokenFile(),
  google: googleMetadata,
};

/** What an operator should type, for the claims each provider documents. */
const commands: [provider: keyof typeof named, changes: Claims, command: string][] = [
  ["github", {}, "github octo-org/octo-repo --repository-id 74 --environment prod"],
  [
    "github",
    { environment: undefined },
    "github octo-org/octo-repo --repository-id 74 --branch main",
  ],
  [
    "github",
    { environment: undefined, ref: "refs/tags/v1" },
    "github octo-org/octo-repo --repository-id 74 --tag v1",
  ],
  [
    "github",
    { environment: undefined, ref: "refs/pull/7/merge" },
    "github octo-org/octo-repo --repository-id 74 --branch BRANCH",
  ],
  [
    "github",
    { iss: "https://github.acme.example/_services/token" },
    "github-enterprise octo-org/octo-repo --repository-id 74 --environment prod " +
    "--issuer https://github.acme.example/_services/token",
  ],
  [
    "gitlab",
    { iss: "https://gitlab.com", environment: undefined },
    "gitlab my-group/my-project --repository-id 20 --branch feature-branch-1",
  ],
  [
    "gitlab",
    {},
    "gitlab-self-managed my-group/my-project --repository-id 20 --environment test-environment2 " +
    "--issuer https://gitlab.example.com",
  ],
  ["buildkite", {}, "buildkite example-org/example-pipeline --branch main"],
  [
    "circleci",
    {},
    "circleci 3c1f8e1e-5a0c-4a6e-9a5e-111111111111 " +
    "--condition oidc.circleci.com/project-id=3c1f8e1e-5a0c-4a6e-9a5e-222222222222 " +
    "--branch main",
  ],
  [
    "bitbucket",
    {},
    "bitbucket {aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee} " +
    "--issuer https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc " +
    "--branch main",
  ],
  [
    "kubernetes",
    {},
    "kubernetes default/my-serviceaccount --issuer https://my-cluster.example.com",
  ],
  [
    "kubernetes",
    { iss: "https://login.microsoftonline.com/TENANT/v2.0", sub: "x", oid: "object-id" },
    "azure object-id --issuer https://login.microsoftonline.com/TENANT/v2.0",
  ],
  [
    "kubernetes",
    { iss: "https://id.example", sub: "me" },
    "generic me --issuer https://id.example",
  ],
  ["google", {}, "google 107517467455664443766"],
];

Deno.test("a refused job's claims become the command that would trust it", async () => {
  for (const [name, changes, command] of commands) {
    const claims = { ...await documentedClaims(name), ...changes };
    assert.equal(named[name].trustArguments(claims).join(" "), command);
  }
});

Deno.test("GitHub's address is asked again when it falters, and not when it refuses", async () => {
  const statuses: number[] = [];
  const io = memoryIo({
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.example/token?api-version=2.0",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
    },
    fetch: (input, init) => {
      assert.equal(
        String(input),
        "https://pipelines.example/token?api-version=2.0&audience=https%3A%2F%2Fauth.example.com",
      );
      assert.equal(new Headers(init?.headers).get("authorization"), "Bearer job");
      const status = statuses.shift() ?? 200;
      return Promise.resolve(Response.json({ value: forUs }, { status }));
    },
  });
  statuses.push(502, 503);
  assert.equal(await githubActions.identityToken(AUDIENCE, io), forUs);
  assert.deepEqual(io.sleeps, [1000, 3000]);
  statuses.push(500, 500, 500);
  await assert.rejects(githubActions.identityToken(AUDIENCE, io), {
    exitCode: EXIT.temporaryFailure,
  });
  statuses.push(403, 200);
  await assert.rejects(githubActions.identityToken(AUDIENCE, io), { exitCode: EXIT.failure });
  assert.equal(statuses.length, 1);
});

Deno.test("our own variable comes before others that would do", async () => {
  const own = `${brand.envPrefix}_ID_TOKEN`;
  const mine = jwt({ aud: AUDIENCE, sub: "mine" });
  const io = memoryIo({ env: { A_ID_TOKEN: forUs, ID_TOKEN: forUs, [own]: mine } });
  assert.equal(await gitlabCi.identityToken(AUDIENCE, io), mine);
});

Deno.test("a program's failure is told without what it printed", async () => {
  const io = memoryIo({
    endings: { "buildkite-agent": { code: 1, stdout: "secret", stderr: "one\n\u001b[31mtwo\n" } },
  });
  const failure = await buildkite.identityToken(AUDIENCE, io).catch((error) => error);
  assert.ok(failure instanceof ClientError);
  assert.match(failure.message, /failed with code 1: .*two$/);
  // deno-lint-ignore no-control-regex -- they are what must be absent
  assert.doesNotMatch(failure.message, /secret|\u001b/);
  io.endings["buildkite-agent"] = "late";
  await assert.rejects(buildkite.identityToken(AUDIENCE, io), { exitCode: EXIT.temporaryFailure });
  delete io.endings["buildkite-agent"];
  await assert.rejects(buildkite.identityToken(AUDIENCE, io), {
    exitCode: EXIT.authenticationRequired,
  });
});

import { strict as assert } from "node:assert";
import { buildkite } from "../../../client/federation/providers/buildkite.ts";
import { detectProvider, requestedProvider } from "../../../client/federation/detect.ts";
import { github } from "../../../client/federation/providers/github.ts";
import { gitlab } from "../../../client/federation/providers/gitlab.ts";
import { FEDERATION_CHOICES, providers } from "../../../client/federation/providers.ts";
import { tokenFile } from "../../../client/federation/providers/token_file.ts";
import { ClientError } from "../../../client/errors.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { jwt } from "../../support/client_home.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { assertGolden } from "../../support/golden.ts";
import { providerData } from "../../support/provider_data.ts";

const AUDIENCE = "https://auth.example.com";
const TOKEN_FILE = `${brand.envPrefix}_SUBJECT_TOKEN_FILE`;

const forUs = jwt({ aud: AUDIENCE });
const forOthers = jwt({ aud: ["https://other.example"] });

/** The environment of a job, from tests/data/identity_tokens. */
function jobEnvironment(env: Record<string, string>): Record<string, string> {
  const text = JSON.stringify(env)
    .replaceAll("{token for us}", forUs)
    .replaceAll("{token for others}", forOthers)
    .replaceAll("YOURAPP_", `${brand.envPrefix}_`);
  return JSON.parse(text);
}

Deno.test("detects each provider by its environment, and says what is missing there", async () => {
  for (const provider of providers) {
    const { jobs = [] } = await providerData(provider.name);
    assert.ok(jobs.length > 0, provider.name);
    for (const { name, env: template, hasIdentity } of jobs) {
      const env = jobEnvironment(template);
      assert.equal(detectProvider(env)?.name, provider.name, name);
      const obstacle = provider.obstacle(AUDIENCE, env);
      assert.equal(obstacle === undefined, hasIdentity, `${provider.name} ${name}: ${obstacle}`);
      assert.doesNotMatch(obstacle ?? "", /eyJ/, "it repeats a token");
    }
  }
  assert.equal(detectProvider({ CI: "true", KUBERNETES_SERVICE_HOST: "10.0.0.1" }), undefined);
});

Deno.test("describes what a job without an identity needs", async () => {
  const messages: string[] = [];
  for (const provider of providers) {
    for (const { name, env, hasIdentity } of (await providerData(provider.name)).jobs ?? []) {
      if (hasIdentity) continue;
      const message = provider.obstacle(AUDIENCE, jobEnvironment(env));
      messages.push(`# ${provider.name} ${name}\n${message}\n`);
    }
  }
  messages.push(`# kubernetes without a file\n${tokenFile().obstacle(AUDIENCE, {})}\n`);
  await assertGolden("federation/missing_identity.txt", messages.join("\n"));
});

Deno.test("prefers a named token file to the CI provider of the machine", () => {
  const env = { [TOKEN_FILE]: "/token", GITHUB_ACTIONS: "true", K_SERVICE: "x" };
  assert.equal(detectProvider(env)?.name, "kubernetes");
  assert.equal(detectProvider({ GITHUB_ACTIONS: "true", K_SERVICE: "x" })?.name, "github");
});

Deno.test("finds a provider for every choice of --federation", () => {
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

Deno.test("suggests the command that would trust a rejected job, from its claims", async () => {
  for (const provider of providers) {
    const { claims, trustCommands = [] } = await providerData(provider.name);
    assert.ok(trustCommands.length > 0, provider.name);
    for (const { claims: changes, command } of trustCommands) {
      assert.equal(provider.trustArguments({ ...claims, ...changes }).join(" "), command);
      // The same token in a file must not lead to a rule on sub.
      assert.equal(tokenFile("t").trustArguments({ ...claims, ...changes }).join(" "), command);
    }
  }
});

Deno.test("requests a GitHub token again after a temporary failure, and not after a refusal", async () => {
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
  assert.equal(await github.identityToken(AUDIENCE, io), forUs);
  assert.deepEqual(io.sleeps, [1000, 3000]);
  statuses.push(500, 500, 500);
  await assert.rejects(github.identityToken(AUDIENCE, io), {
    exitCode: EXIT.temporaryFailure,
  });
  statuses.push(403, 200);
  await assert.rejects(github.identityToken(AUDIENCE, io), { exitCode: EXIT.failure });
  assert.equal(statuses.length, 1);
});

Deno.test("prefers our own GitLab variable to others for the same audience", async () => {
  const own = `${brand.envPrefix}_ID_TOKEN`;
  const mine = jwt({ aud: AUDIENCE, sub: "mine" });
  const io = memoryIo({ env: { A_ID_TOKEN: forUs, ID_TOKEN: forUs, [own]: mine } });
  assert.equal(await gitlab.identityToken(AUDIENCE, io), mine);
});

Deno.test("reports a program's failure without its standard output", async () => {
  const io = memoryIo({
    endings: { "buildkite-agent": { code: 1, stdout: "secret", stderr: "one\n\u001b[31mtwo\n" } },
  });
  const failure = await buildkite.identityToken(AUDIENCE, io).catch((error) => error);
  assert.ok(failure instanceof ClientError);
  assert.match(failure.message, / 1: .*two$/);
  // deno-lint-ignore no-control-regex -- they are what must be absent
  assert.doesNotMatch(failure.message, /secret|\u001b/);
  io.endings["buildkite-agent"] = "timed_out";
  await assert.rejects(buildkite.identityToken(AUDIENCE, io), { exitCode: EXIT.temporaryFailure });
  delete io.endings["buildkite-agent"];
  await assert.rejects(buildkite.identityToken(AUDIENCE, io), {
    exitCode: EXIT.authenticationRequired,
  });
});

/**
 * The jobs of docs/federation, as their runners run them: the operator adds the rule of the page,
 * and the job calls an API that validates tokens, with nothing but what the provider puts into its
 * environment.
 */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { brand } from "../../shared/brand.ts";
import { binaryPath, start } from "../support/binary.ts";
import { codeBlocks, readFromRoot } from "../support/documentation.ts";
import { install } from "../support/installation.ts";
import { jobClaims, startIssuer } from "../support/oidc_issuer.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { writeTool } from "../support/tool_folder.ts";

const CONFIG = 'federation_private_issuers = "on"\n[scopes]\ndeploy = "Deploy your services"\n';

interface Job {
  /** Of its shell. */
  variables: Record<string, string>;
  script: string[];
  /** Of its identity token; the server's URL if it asks for one itself. */
  audience?: string;
  /** The variable of its identity token. */
  tokenVariable?: string;
}

interface Provider {
  page: string;
  /** Whether this is the operator's command, if the page has several. */
  rule?: RegExp;
  /** Where the provider's file has the job. */
  // deno-lint-ignore no-explicit-any -- the shape is the provider's
  job(file: any): Job;
  claims: Record<string, unknown>;
  /** A program of the provider, which prints a token for the server. The variable's is for others. */
  program?: string;
}

const PROVIDERS: Record<string, Provider> = {
  bitbucket: {
    page: "docs/federation/bitbucket.md",
    job: ({ pipelines: { branches: { main: [{ step }] } } }) => ({
      variables: { BITBUCKET_PIPELINE_UUID: "{1}" },
      script: step.script,
      audience: step.oidc.audiences[0],
      tokenVariable: "BITBUCKET_STEP_OIDC_TOKEN",
    }),
    claims: {},
  },
  buildkite: {
    page: "docs/federation/buildkite.md",
    // The file has a dollar as two.
    job: ({ steps: [{ env, command }] }) => ({
      variables: { ...env, BUILDKITE: "true" },
      script: [command.replaceAll("$$", "$")],
    }),
    claims: { organization_slug: "acme", pipeline_slug: "api" },
    program: "buildkite-agent",
  },
  circleci: {
    page: "docs/federation/circleci.md",
    job: ({ jobs: { deploy: { environment, steps } } }) => ({
      variables: { ...environment, CIRCLECI: "true" },
      tokenVariable: "CIRCLE_OIDC_TOKEN_V2",
      script: steps.flatMap(({ run }: { run?: string }) => run ?? []),
    }),
    claims: {},
    program: "circleci",
  },
  gitlab: {
    page: "docs/federation/gitlab.md",
    rule: /gitlab-self-managed/,
    job: ({ deploy: { variables, script, id_tokens } }) => {
      const [[tokenVariable, { aud }]] = Object.entries<{ aud: string }>(id_tokens);
      return {
        variables: { ...variables, GITLAB_CI: "true" },
        script,
        audience: aud,
        tokenVariable,
      };
    },
    claims: { project_path: "acme/api", project_id: "20", ref: "main", environment: undefined },
  },
  kubernetes: {
    page: "docs/federation/kubernetes.md",
    // The script is that of docs/federation.md, and the file is the mounted token.
    job: ({ spec: { containers: [{ env }] } }) => ({
      variables: Object.fromEntries(
        env.map(({ name, value }: Record<string, string>) => [name, value]),
      ),
      script: [],
    }),
    claims: { sub: "system:serviceaccount:ci:deployer" },
  },
};

Deno.test({
  name: "the jobs of docs/federation call an API with the token that the rule of the page permits",
  // They are written for a POSIX shell.
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    await using issuer = await startIssuer();
    const config = join(home.folder, "server.toml");
    await Deno.writeTextFile(config, CONFIG);
    await using server = await install({ args: ["--config", config] });
    await using api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { authorization = "" } = Object.fromEntries(request.headers);
      return fetch(`${server.issuer}/auth/verify?scope=deploy`, { headers: { authorization } });
    });
    const localize = (text: string) =>
      text.replaceAll("https://auth.example.com", server.issuer)
        .replaceAll("https://api.example.com", `http://127.0.0.1:${api.addr.port}`)
        .replaceAll("/var/run/secrets/yourapp/token", join(home.folder, "identity.txt"));
    const shell = async (script: string[], env: Record<string, string>) => {
      const lines = ["set -e", ...script.map(localize)].join("\n");
      await using running = start(["-c", lines], { env, cwd: home.folder, stdin: "" }, "bash");
      return await running.ended;
    };
    const PATH = [dirname(binaryPath()), Deno.env.get("PATH")].join(delimiter);

    for (const [name, { page, rule = /./, job, claims, program }] of entries()) {
      await t.step(name, async () => {
        const blocks = codeBlocks(page, await readFromRoot(page));
        const command = commandsIn(blocks.filter(({ language }) => language === "sh")).find((
          line,
        ) => line.startsWith("yourapp admin trust add ") && rule.test(line))!;
        // The provider is this test's.
        const add = `${command.replace(/ --issuer \S+/, "")} --issuer ${issuer.url}`;
        const added = await shell([add], {
          ...home.env,
          PATH,
          [`${brand.envPrefix}_DATA_DIR`]: server.dataDir,
          [`${brand.envPrefix}_CONFIG`]: config,
        });
        assert.equal(added.code, 0, added.stderr);

        const yaml = blocks.filter(({ language }) => language === "yaml");
        assert.equal(yaml.length, 1);
        const { variables, script, audience = "https://auth.example.com", tokenVariable } = job(
          parse(yaml[0].code),
        );
        const run = script.length > 0 ? script : await jobScript();
        const attempt = async (changes: Record<string, unknown>) => {
          await using jobHome = await temporaryHome();
          const tokenFor = async (aud: string) =>
            await issuer.sign({ ...await jobClaims(name, claims), aud, ...changes });
          const token = await tokenFor(localize(audience));
          await Deno.writeTextFile(join(home.folder, "identity.txt"), token);
          const tools = join(jobHome.folder, "tools");
          await Deno.mkdir(tools);
          if (program !== undefined) await writeTool(tools, program, `echo '${token}'`);
          return await shell(run, {
            ...jobHome.env,
            CI: "true",
            ...Object.fromEntries(
              Object.entries(variables).map(([key, value]) => [key, localize(value)]),
            ),
            ...tokenVariable !== undefined && {
              [tokenVariable]: program === undefined ? token : await tokenFor("others"),
            },
            PATH: [tools, PATH].join(delimiter),
          });
        };
        const trusted = await attempt({});
        assert.equal(trusted.code, 0, trusted.stderr);
        // The same file in a job that the rule does not match.
        const { sub } = await jobClaims(name, claims);
        const other = await attempt({ ...OTHER_JOB, sub: `${sub}-2` });
        assert.notEqual(other.code, 0, other.stdout);
      });
    }

    await t.step(
      "a request of docs/federation.md for a program without the command line",
      async () => {
        await Deno.writeTextFile(
          join(home.folder, "identity.txt"),
          await issuer.sign({
            ...await jobClaims("kubernetes", PROVIDERS.kubernetes.claims),
            aud: server.issuer,
          }),
        );
        const [command] = (await generalCommands()).filter((line) => line.startsWith("tr -d"));
        const { code, stdout, stderr } = await shell([command], { ...home.env, PATH });
        assert.equal(code, 0, stderr);
        assert.match(JSON.parse(stdout).access_token, /^ey/);
      },
    );
  },
});

/** Claims of another branch or project. */
const OTHER_JOB = {
  ref: "other",
  branchName: "other",
  build_branch: "other",
  "oidc.circleci.com/vcs-ref": "refs/heads/other",
};

const entries = () => Object.entries(PROVIDERS);

/** The lines of shell blocks; those that continue are one. */
function commandsIn(blocks: readonly { code: string }[]): string[] {
  return blocks.flatMap(({ code }) => code.replaceAll(/\\\n\s*/g, "").split("\n"));
}

async function generalCommands(): Promise<string[]> {
  const page = "docs/federation.md";
  return commandsIn(
    codeBlocks(page, await readFromRoot(page)).filter(({ language }) => language === "sh"),
  );
}

/** What any job runs: the block with the call of an API. */
async function jobScript(): Promise<string[]> {
  return (await generalCommands()).filter((line) =>
    line.startsWith("export ") || line.startsWith("curl --header")
  ).map((line) => line.replace("curl ", "curl --fail "));
}

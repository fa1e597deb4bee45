/**
 * How each fenced block of the documentation is kept right. A block whose language has a check here
 * needs nothing else; others have an account. tests/docs/snippets_test.ts fails for a block
 * without either, and for an account without a block.
 */
import { parsePostgresUrl } from "../../../server/store/db/postgres_url.ts";
import type { CodeBlock } from "../documentation.ts";
import { typedCommands } from "../documentation.ts";
import { parseOutput } from "../output_schema.ts";
import { type Check, passes } from "./check.ts";
import {
  isApplyFile,
  isHttp,
  isJson,
  isServerConfig,
  isToml,
  isUserFile,
  isYaml,
} from "./check_file.ts";
import {
  isCaddyfile,
  isNginx,
  isPgBouncerConfig,
  isPrometheusConfig,
  isUnit,
} from "./check_service.ts";
import { isGo, isJava, isJavaScript, isPython, isShell } from "./check_source.ts";
import { isPostgresConfig, isStatement, isUtilityStatement } from "./check_sql.ts";

export interface Account {
  page: string;
  language: string | readonly string[];
  /** What the block contains, if others of the page and language differ. */
  has?: string;
  /** In place of the check of the language. */
  check?: Check;
  /** The test that runs the block as the page has it; its source, or `through`, names the page. */
  runBy?: string;
  /** What has the code that `runBy` runs, if a test compares that with the page. */
  through?: string;
  /** Why it is only checked, although it is for a program that the tests could run. */
  notRun?: string;
  /** Why nothing can check or run it. */
  sample?: string;
}

/** Blocks in these are run by a test, or have the reason in their account. */
export const RUNNABLE: ReadonlySet<string> = new Set([
  ...["sh", "console", "js", "mjs", "py", "python", "go", "rs", "java"],
  ...["nginx", "caddyfile", "haproxy", "apache", "lua"],
]);

/** The checks of languages. Our own commands in `sh` and `console` are tested by commands_test.ts. */
export const LANGUAGE_CHECKS: Readonly<Record<string, Check>> = {
  sh: isShell,
  console: (block, tools) => isShell({ ...block, code: typedCommands(block.code) }, tools),
  toml: isServerConfig,
  json: isJson,
  yaml: isYaml,
  http: isHttp,
  nginx: isNginx,
  caddyfile: isCaddyfile,
  ini: isUnit,
  sql: isStatement,
  js: isJavaScript,
  mjs: isJavaScript,
  py: isPython,
  python: isPython,
  go: isGo,
  java: isJava,
};

const OWN_CLI = {
  page: "docs/your-own-cli.md",
  runBy: "tests/e2e/snippets_test.ts",
  through: "server/admin/snippets/snippet.ts",
};
const PROXIES = {
  page: "docs/reverse-proxies.md",
  runBy: "tests/e2e/proxy_test.ts",
  through: "tests/support/reverse_proxy.ts",
};
const RECIPES = { page: "docs/validating-tokens.md", runBy: "tests/e2e/recipes_test.ts" };
const QUICK_START = { page: "docs/quickstart.md", runBy: "tests/e2e/quickstart_test.ts" };
const TOKEN_FORMAT = { page: "docs/token-format.md", runBy: "tests/shared/token_format_test.ts" };

/** Where `runBy` or `sample` is enough, such as for parts that a test puts together. */
const nothing: Check = () => Promise.resolve("");

const SHELL = ["sh", "console"];

/** Pages whose commands a test runs in one shell, by the test. */
const PLAYED: Readonly<Record<string, readonly string[]>> = {
  "tests/e2e/documented_commands_test.ts": [
    ...["audit", "backup", "clients", "federation", "groups", "keys", "leaving", "moving-in"],
    ...["apply", "operations", "operators", "resources", "scim", "sign-in", "your-own-cli"],
  ],
  "tests/e2e/documented_user_commands_test.ts": [
    ...["agents", "api-teams", "cli", "integrations", "validating-tokens", "verify"],
  ],
};

const FEDERATION = [
  ...["azure", "bitbucket", "buildkite", "circleci", "generic", "github", "gitlab", "google"],
  "kubernetes",
];

const RELEASE = "needs a published release; tests of tasks/ run the same on one of their own";

/** Shell blocks for other machines than that of a test. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "decisions/0014-what-the-runtime-refuses": "faults of another program, to reproduce them",
  "deploy/compose": "needs a Docker engine; deploy_test.ts checks the files",
  "deploy/container": "needs a Docker engine; container_image_test.ts builds the image without one",
  "deploy/kubernetes": "needs a cluster; deploy_test.ts checks the manifests",
  "deploy/systemd": "needs systemd as the init process; deploy_test.ts checks the unit",
  "deploy/vm": "needs another machine; deploy_test.ts runs the script",
  install: RELEASE,
  metrics: "variables of the server, without a command",
  releases: RELEASE,
  scale: "takes an hour",
};

export const ACCOUNTS: readonly Account[] = [
  { ...OWN_CLI, language: "sh", has: "#!/usr/bin/env bash" },
  ...Object.entries(PLAYED).flatMap(([runBy, pages]) =>
    pages.map((page) => ({ page: `docs/${page}.md`, language: SHELL, runBy }))
  ),
  ...["entra", "generic", "github", "gitlab", "google", "keycloak", "okta"].map((name) => ({
    page: `docs/identity-providers/${name}.md`,
    language: "sh",
    runBy: "tests/e2e/documented_commands_test.ts",
    through: "docs/identity-providers/",
  })),
  ...FEDERATION.map((name) => ({
    page: `docs/federation/${name}.md`,
    language: "sh",
    runBy: "tests/e2e/federation_docs_test.ts",
    through: "docs/federation/",
  })),
  ...["bitbucket", "buildkite", "circleci", "gitlab", "kubernetes"].map((name) => ({
    page: `docs/federation/${name}.md`,
    language: "yaml",
    runBy: "tests/e2e/ci_jobs_test.ts",
  })),
  {
    page: "docs/federation/github.md",
    language: "yaml",
    runBy: "tests/e2e/ci_templates_test.ts",
  },
  ...Object.entries(ELSEWHERE).map(([page, notRun]) => ({
    page: `docs/${page}.md`,
    language: SHELL,
    notRun,
  })),
  {
    page: "README.md",
    language: "sh",
    has: "npx ",
    notRun: "compiles the program and runs its tests, as the run of this test does",
  },
  {
    page: "README.md",
    language: SHELL,
    runBy: "tests/e2e/documented_user_commands_test.ts",
  },
  { ...QUICK_START, language: ["console", "js"] },
  { ...RECIPES, language: ["js", "go", "python", "java"] },
  { ...RECIPES, language: "nginx", check: nothing },
  { ...OWN_CLI, language: ["go", "py", "mjs", "rs", "java"], check: nothing },
  {
    ...PROXIES,
    language: "yaml",
    has: "forwardAuth",
    runBy: undefined,
    notRun: "no package registry of the tests has Traefik as a program",
  },
  {
    ...PROXIES,
    language: ["nginx", "caddyfile", "haproxy", "apache", "lua", "yaml"],
    check: nothing,
  },
  {
    page: "docs/mcp.md",
    language: ["nginx", "caddyfile"],
    runBy: "tests/e2e/mcp_test.ts",
    check: nothing,
  },
  {
    page: "docs/operations.md",
    language: ["nginx", "caddyfile"],
    runBy: "tests/e2e/own_proxy_test.ts",
  },
  { page: "docs/api-teams.md", language: "js", runBy: "tests/e2e/api_teams_test.ts" },
  {
    page: "docs/resources.md",
    language: ["js", "nginx", "http"],
    runBy: "tests/e2e/resource_examples_test.ts",
  },
  { page: "docs/audit.md", language: "python", runBy: "tests/e2e/audit_test.ts" },
  { ...TOKEN_FORMAT, language: "toml", check: isToml },
  { page: "docs/apply.md", language: "toml", check: isApplyFile },
  { page: "docs/integrations.md", language: "toml", check: isToml },
  { page: "docs/metrics.md", language: "yaml", check: isPrometheusConfig },
  { page: "docs/moving-in.md", language: "json", check: isUserFile("jsonl") },
  { page: "docs/moving-in.md", language: "csv", check: isUserFile("csv") },
  {
    page: "docs/cli.md",
    language: "json",
    check: passes(({ code }) => parseOutput("token", code)),
  },
  { page: "docs/backup.md", language: "ini", has: "restore_command", check: isPostgresConfig },
  { page: "docs/operations.md", language: "ini", check: isPgBouncerConfig },
  { page: "docs/operations.md", language: "sql", check: isUtilityStatement },
  {
    page: "docs/operations.md",
    language: "text",
    has: "synchronous_commit",
    check: isPostgresConfig,
  },
  {
    page: "docs/operations.md",
    language: "text",
    has: "postgres://",
    check: passes(({ code }: CodeBlock) => parsePostgresUrl(code.trim())),
  },
  {
    page: "docs/reference/cli.md",
    language: ["text", "sh"],
    check: nothing,
    sample:
      "written from the declarations of the commands, which tests/docs/reference_test.ts checks",
  },
  {
    page: "docs/install.md",
    language: "powershell",
    sample: "PowerShell is not in Debian",
  },
  {
    page: "docs/integrations.md",
    language: "text",
    sample: "a line of pg_hba.conf for PostgreSQL 18 with a module of the operator",
  },
  { page: "docs/architecture.md", language: "text", sample: "a list of folders" },
  { page: "docs/moving-in.md", language: "text", sample: "what a command prints" },
  { ...TOKEN_FORMAT, language: "text" },
];

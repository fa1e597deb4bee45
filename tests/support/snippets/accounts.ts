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
  language: string;
  /** What the block contains, if others of the page and language differ. */
  has?: string;
  /** In place of the check of the language. */
  check?: Check;
  /** The test that runs the block as the page has it; its source, or `through`, names the page. */
  runBy?: string;
  /** What has the code that `runBy` runs, if a test compares that with the page. */
  through?: string;
  /** Why nothing can check or run it. */
  sample?: string;
}

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

/** Pages whose operators' commands a test runs in one shell. */
const PLAYED = {
  sh: ["groups", "leaving", "moving-in", "operations", "scim"],
  console: ["audit", "clients", "keys", "operations", "resources", "scim"],
};

export const ACCOUNTS: readonly Account[] = [
  ...Object.entries(PLAYED).flatMap(([language, pages]) =>
    pages.map((page) => ({
      page: `docs/${page}.md`,
      language,
      runBy: "tests/e2e/documented_commands_test.ts",
    }))
  ),
  { ...QUICK_START, language: "console" },
  { ...QUICK_START, language: "js" },
  { ...RECIPES, language: "js" },
  { ...RECIPES, language: "go" },
  { ...RECIPES, language: "python" },
  { ...RECIPES, language: "nginx", check: nothing },
  ...["go", "py", "mjs", "rs", "java"].map((language) => ({
    ...OWN_CLI,
    language,
    check: nothing,
  })),
  { ...OWN_CLI, language: "sh", has: "#!/usr/bin/env bash" },
  ...["nginx", "caddyfile", "haproxy", "apache", "lua"].map((language) => ({
    ...PROXIES,
    language,
    check: nothing,
  })),
  { page: "docs/mcp.md", language: "nginx", runBy: "tests/e2e/mcp_test.ts", check: nothing },
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
  ...["text", "sh"].map((language) => ({
    page: "docs/reference/cli.md",
    language,
    check: nothing,
    sample:
      "written from the declarations of the commands, which tests/docs/reference_test.ts checks",
  })),
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

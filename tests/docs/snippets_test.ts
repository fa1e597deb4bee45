/**
 * Every fenced block of the documentation is run by a test, checked by what reads it, or a sample
 * with a reason: tests/support/snippets/accounts.ts.
 */
import assert from "node:assert/strict";
import { openDatabase, type Sql } from "../../server/store/db/connect.ts";
import { migrate } from "../../server/store/db/migrate.ts";
import { systemClock } from "../../shared/clock.ts";
import { databaseKinds } from "../support/databases.ts";
import { type CodeBlock, codeBlocks, filesBelow, readFromRoot } from "../support/documentation.ts";
import { type Account, ACCOUNTS, LANGUAGE_CHECKS, RUNNABLE } from "../support/snippets/accounts.ts";
import { SKIPPED } from "../support/snippets/check.ts";

/** Checks that run at once; most wait for a program. */
const PARALLEL = 4;

async function blocks(): Promise<CodeBlock[]> {
  const pages = ["README.md", ...await filesBelow("docs", /\.md$/)];
  const all = await Promise.all(
    pages.map(async (page) => codeBlocks(page, await readFromRoot(page))),
  );
  return all.flat();
}

function accountOf(block: CodeBlock): Account | undefined {
  return ACCOUNTS.find(({ page, language, has = "" }) =>
    page === block.page && [language].flat().includes(block.language) && block.code.includes(has)
  );
}

Deno.test("every block of the documentation has a check or an account", async () => {
  const unused = new Set(ACCOUNTS);
  const missing: string[] = [];
  for (const block of await blocks()) {
    const account = accountOf(block);
    if (account !== undefined) unused.delete(account);
    else if (!Object.hasOwn(LANGUAGE_CHECKS, block.language)) {
      missing.push(`${block.page}:${block.line}: ${block.language || "no language"}`);
    }
  }
  assert.deepEqual(missing, [], "add an account to tests/support/snippets/accounts.ts");
  assert.deepEqual([...unused], [], "accounts without a block");
});

Deno.test("every block that a program here can run is run by a test, or says why not", async () => {
  const missing = (await blocks()).filter((block) => {
    const { runBy, notRun, sample } = accountOf(block) ?? {};
    return RUNNABLE.has(block.language) && !(runBy ?? notRun ?? sample);
  });
  assert.deepEqual(missing.map(({ page, line, language }) => `${page}:${line}: ${language}`), []);
});

Deno.test("the tests that run blocks read them from the documentation", async () => {
  for (const { page, runBy, through } of ACCOUNTS) {
    if (runBy === undefined) continue;
    const test = await readFromRoot(runBy);
    const link = through ?? page;
    const [name] = /[^/]+\/?$/.exec(link)!;
    assert.ok(test.includes(name), `${runBy} does not refer to ${link}`);
  }
});

/** Blocks with a mistake that only what reads them can see. */
const MISTAKEN: readonly [page: string, language: string, code: string][] = [
  ["docs/x.md", "sh", "if true; then echo 'open; fi"],
  ["docs/x.md", "console", "$ echo $(true\nclosed)"],
  ["docs/x.md", "toml", 'listn = "127.0.0.1:8787"'],
  ["docs/apply.md", "toml", "[clients.acme]\ntypo = true"],
  ["docs/integrations.md", "toml", "[a\n"],
  ["docs/x.md", "json", "{ a: 1 }"],
  ["docs/cli.md", "json", "{}"],
  ["docs/moving-in.md", "json", '{ "mail": "a@example.com" }'],
  ["docs/moving-in.md", "csv", "email,name\na@example.com,A,B"],
  ["docs/x.md", "yaml", "a: [1"],
  ["docs/metrics.md", "yaml", "scrape_config: []"],
  ["docs/x.md", "http", "FETCH /"],
  ["docs/x.md", "nginx", "location / { proxy_passs http://127.0.0.1; }"],
  ["docs/x.md", "caddyfile", "localhost {\n\treverse_prox 127.0.0.1\n}"],
  ["docs/x.md", "ini", "[Service]\nLoadCredentials=a:b"],
  ["docs/backup.md", "ini", "restore_commands = ''"],
  ["docs/operations.md", "ini", "[pgbouncer]\npool_mode = transactions"],
  ["docs/x.md", "sql", "select actors from audit_log"],
  ["docs/operations.md", "sql", "create users a;"],
  ["docs/x.md", "js", "const a = ;"],
  ["docs/x.md", "python", "def a(:"],
  ["docs/x.md", "go", "package main\nfunc main( {}"],
  ["docs/validating-tokens.md", "java", "class A { void b( {} }"],
];

Deno.test({
  name: "what reads the blocks of the documentation accepts them, and no mistakes",
  // The tools are installed on Linux only.
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using cleanUp = new AsyncDisposableStack();
    let database: Promise<Sql> | undefined;
    const sql = () => database ??= migratedDatabase(cleanUp);
    const run = async (block: CodeBlock) => {
      const check = accountOf(block)?.check ?? LANGUAGE_CHECKS[block.language];
      if (check === undefined) return "";
      const folder = await Deno.makeTempDir({ prefix: "snippet-" });
      try {
        return await check(block, { folder, sql });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    };
    const mistaken = MISTAKEN.map(([page, language, code]) => ({ page, language, code, line: 0 }));
    const queue = [...await blocks(), ...mistaken];
    const wrong: string[] = [];
    const work = async () => {
      for (let block = queue.shift(); block !== undefined; block = queue.shift()) {
        const result = await run(block);
        const place = `${block.page}:${block.line} (${block.language})`;
        if (result === SKIPPED) {
          await t.step({ name: place, ignore: true, fn() {} });
        } else if (mistaken.includes(block)) {
          if (result === "") wrong.push(`${place}: accepted ${block.code}`);
        } else if (result !== "") wrong.push(`${place}: ${result}`);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    assert.deepEqual(wrong, []);
  },
});

async function migratedDatabase(cleanUp: AsyncDisposableStack): Promise<Sql> {
  const { location } = cleanUp.use(await databaseKinds.at(-1)!.create());
  const { sql, close } = await openDatabase(location);
  cleanUp.defer(close);
  await migrate(sql, systemClock);
  return sql;
}

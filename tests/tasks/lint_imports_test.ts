import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { eagerImports, findings, type Source, wrongVersions } from "../../tasks/lint_imports.ts";

function source(path: string, text: string): Source {
  return { path, text };
}

Deno.test("accepts imports that point the right way", () => {
  assert.deepEqual(
    findings([
      source("main.ts", `await import("./program.ts");`),
      source("program.ts", `import { a } from "./server/serve.ts"; await import("./client/a.ts");`),
      source("server/serve.ts", `import { app } from "./app.ts";`),
      source("server/app.ts", `import { token } from "./oauth/token.ts";`),
      source("server/oauth/token.ts", `import type { Grant } from "./grants/grant.ts";`),
      source("server/oauth/grants/grant.ts", `import { Clock } from "../../../shared/clock.ts";`),
      source("server/store/types.ts", `import type { App } from "../app.ts";`),
      source("server/store/tokens.ts", `import { hash } from "../tokens/token_hash.ts";`),
      source("server/tokens/token_hash.ts", `import { createHash } from "node:crypto";`),
    ]),
    [],
  );
});

Deno.test("rejects imports between client and server", () => {
  const problems = findings([source("client/a.ts", `import "../server/b.ts";`)]);
  assert.deepEqual(problems, ["client/a.ts imports server/b.ts: client must not import server"]);
  assert.equal(findings([source("server/a.ts", `export * from "../client/b.ts";`)]).length, 1);
});

Deno.test("rejects imports from shared to other sides, static or dynamic", () => {
  assert.equal(findings([source("shared/a.ts", `await import("../client/b.ts")`)]).length, 1);
  assert.equal(findings([source("shared/a.ts", `import { x } from "../main.ts"`)]).length, 1);
});

Deno.test("rejects imports outwards within the server", () => {
  for (
    const [from, to] of [
      ["server/store/a.ts", "../tokens/b.ts"],
      ["server/tokens/a.ts", "../oauth/b.ts"],
      ["server/logins/a.ts", "../oauth/grants/b.ts"],
      ["server/oauth/a.ts", "../pages/b.tsx"],
      ["server/http/a.ts", "../store/b.ts"],
      ["server/pages/a.tsx", "../app.ts"],
      ["server/app.ts", "./serve.ts"],
    ]
  ) {
    assert.equal(findings([source(from, `import { x } from "${to}";`)]).length, 1, from);
  }
});

Deno.test("reports an import cycle once", () => {
  const problems = findings([
    source("client/a.ts", `import "./b.ts";`),
    source("client/b.ts", `import "./c.ts";`),
    source("client/c.ts", `import "./a.ts";\nimport type { D } from "./d.ts";`),
    source("client/d.ts", `import {\n  c,\n} from "./c.ts";`),
  ]);
  assert.deepEqual(problems, [
    "import cycle: client/a.ts → client/b.ts → client/c.ts → client/a.ts",
  ]);
});

Deno.test("reports a name of the brand in any case", () => {
  const name = brand.productName.toUpperCase();
  assert.deepEqual(findings([source("shared/brand.ts", `"${name}"`)]), []);
  assert.equal(findings([source("client/a.ts", `\nconst help = "${name}";`)]).length, 1);
  const prefix = brand.tokenPrefixes.personalAccessToken;
  assert.equal(findings([source("server/a.ts", `startsWith("${prefix}")`)]).length, 1);
});

Deno.test("reports another version of Deno in the documentation", () => {
  const readme = source("README.md", "npx --yes deno@2.9.6 task start");
  assert.deepEqual(wrongVersions([readme], "2.9.6"), []);
  assert.equal(wrongVersions([readme], "2.10.0").length, 1);
});

Deno.test("reports what `deno task` would fetch before a task", () => {
  assert.deepEqual(eagerImports(`{"lock":false}`), []);
  assert.equal(eagerImports(`{"imports":{}}`).length, 2);
});

Deno.test("reports a revocation of logins outside server/logins", () => {
  const name = "revokeRefreshTokenFamilies";
  for (const path of ["server/pages/account/a.tsx", "server/store/a.ts", "server/oauth/a.ts"]) {
    assert.deepEqual(findings([source(path, `await ${name}(tx);`)]), [
      `${path} uses ${name}: only server/logins may`,
    ]);
  }
  const allowed = ["server/logins/a.ts", "server/store/refresh_token_families.ts"];
  for (const path of allowed) assert.deepEqual(findings([source(path, `${name}(tx);`)]), []);
});

Deno.test("reports a folder without a rank", () => {
  assert.equal(findings([source("server/new_room/a.ts", "")]).length, 1);
  assert.equal(findings([source("client/new_room/a/b.ts", "")]).length, 1);
  assert.deepEqual(findings([source("shared/new_room/a.ts", "")]), []);
});

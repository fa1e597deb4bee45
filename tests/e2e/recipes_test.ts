/**
 * The examples of docs/validating-tokens.md, as written there: what an API built from one
 * accepts, whether its clock runs before the server's or behind it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { signAccessToken } from "../../server/tokens/access_token.ts";
import { signIdToken } from "../../server/tokens/id_token.ts";
import { brand } from "../../shared/brand.ts";
import { type Running, start } from "../support/binary.ts";
import { databaseKinds } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { programPath, startNginx } from "../support/reverse_proxy.ts";
import { manualClock } from "../support/manual_clock.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";
import { isUsable } from "../support/toolchain.ts";

const PAGE = await Deno.readTextFile(
  new URL("../../docs/validating-tokens.md", import.meta.url),
);
const IMPORTS = JSON.parse(
  await Deno.readTextFile(new URL("../../import_map.json", import.meta.url)),
).imports;

/** How far the server's clock is from the API's, in seconds. */
const CLOCK_DIFFERENCES = [0, 30, -30];

const SUBJECT = "0f8fad5b-d9cb-469f-a165-70867728950e";

/** An API built from a recipe: `text` is the recipe with the test's addresses. */
interface Recipe {
  language: string;
  /** Programs that Debian does not have, or not in a version that is new enough. */
  needs?: readonly string[];
  /** Where the recipe listens; undefined if it takes a port at start. */
  port?: number;
  start(folder: string, text: string, port: number): Promise<Running>;
}

/** Versions of Spring Boot to try in place of this one, with blanks between. */
const SPRING_BOOT_VARIABLE = "TEST_SPRING_BOOT";
const SPRING_BOOT = "4.0.7";

const recipes: Record<string, Recipe> = {
  Node: {
    language: "js",
    port: 3000,
    async start(folder, text) {
      await Deno.writeTextFile(join(folder, "api.mjs"), text);
      const jose = IMPORTS.jose.replace("npm:", "");
      await prepare(folder, "npm", ["install", "--no-audit", "--no-fund", jose]);
      return start(["api.mjs"], { cwd: folder }, await programPath("node"));
    },
  },
  Go: {
    language: "go",
    needs: ["go"],
    port: 3002,
    async start(folder, text) {
      await Deno.writeTextFile(join(folder, "api.go"), text);
      await prepare(folder, "go", ["mod", "init", "example.test/api"]);
      await prepare(folder, "go", ["mod", "tidy"]);
      await prepare(folder, "go", ["build", "-o", "api"]);
      return start([], { cwd: folder }, join(folder, "api"));
    },
  },
  Python: {
    language: "python",
    port: 3001,
    async start(folder, text) {
      await Deno.writeTextFile(join(folder, "api.py"), text);
      await prepare(folder, "python3", [
        ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        ...["--root-user-action", "ignore", "--target", "modules", "PyJWT[crypto]"],
      ]);
      const env = { PYTHONPATH: join(folder, "modules") };
      return start(["api.py"], { cwd: folder, env }, await programPath("python3"));
    },
  },
};

for (const version of (Deno.env.get(SPRING_BOOT_VARIABLE) ?? SPRING_BOOT).split(" ")) {
  recipes[`Spring Boot ${version}`] = {
    language: "java",
    needs: ["javac", "mvn"],
    async start(folder, text, port) {
      await Deno.writeTextFile(join(folder, "Api.java"), text);
      await Deno.writeTextFile(join(folder, "pom.xml"), springProject(version));
      await prepare(folder, "mvn", [
        ...["--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"],
      ]);
      await prepare(folder, "javac", ["-cp", "lib/*", "-d", "classes", "Api.java"]);
      const args = ["-cp", "classes:lib/*", "api.Api", `--server.port=${port}`];
      return start(args, { cwd: folder }, await programPath("java"));
    },
  };
}

for (const [name, recipe] of Object.entries(recipes)) {
  Deno.test({
    name: `the example for ${name} accepts our access tokens and nothing else`,
    ignore: Deno.build.os !== "linux" || !await hasAll(recipe.needs ?? []),
    async fn(t) {
      await using server = await startIssuer();
      await using api = await startApi(recipe, server.url);
      const status = async (authorization?: string) => {
        const headers = new Headers(authorization === undefined ? {} : { authorization });
        const response = await fetch(api.url, { headers });
        return { status: response.status, text: await response.text() };
      };
      for (const seconds of CLOCK_DIFFERENCES) {
        await t.step(`the server's clock is ${seconds} s off`, async () => {
          server.clock.set(Date.now() + seconds * 1000);
          const accepted = await status(`Bearer ${await server.accessToken()}`);
          assert.equal(accepted.status, 200, accepted.text);
          assert.equal(accepted.text, `Hello ${SUBJECT}, you may: openid deploy\n`);
          const audience = "https://another-api.example.test";
          for (
            const refused of [
              `Bearer ${await server.idToken()}`,
              `Bearer ${await server.accessToken({ audience })}`,
              `Bearer ${await server.accessToken({ issuer: "https://other.example.test" })}`,
              `Basic ${await server.accessToken()}`,
              `Bearer ${tampered(await server.accessToken())}`,
              "Bearer x.y.z",
              "Bearer",
              undefined,
            ]
          ) {
            assert.equal((await status(refused)).status, 401, refused);
          }
        });
      }
      await t.step("an expired token", async () => {
        server.clock.set(Date.now() - 17 * 60_000);
        assert.equal((await status(`Bearer ${await server.accessToken()}`)).status, 401);
      });
    },
  });
}

Deno.test({
  name:
    "the example for nginx sends the API the user that the server validated, and no header of the caller",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await startIssuer();
    await using api = await startApi(recipes.Node, server.url);
    await using upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => Response.json(Object.fromEntries(request.headers)),
    );
    const port = freePort();
    const locations = recipeText("nginx")
      .replaceAll("127.0.0.1:3000", new URL(api.url).host)
      .replaceAll("127.0.0.1:4000", `127.0.0.1:${upstream.addr.port}`);
    const folder = await Deno.makeTempDir({ prefix: "recipe-" });
    await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
    await using running = await startNginx(
      folder,
      () => `server {\nlisten 127.0.0.1:${port};\n${locations}\n}`,
    );
    const url = `http://127.0.0.1:${port}/`;
    await listens(url, running);
    server.clock.set(Date.now());
    const authorization = `Bearer ${await server.accessToken()}`;
    const forged = { "x-subject": "root", x_subject: "root", "x.subject": "root" };
    const allowed = await fetch(url, { headers: { authorization, ...forged } });
    assert.equal(allowed.status, 200);
    const headers = await allowed.json();
    assert.equal(headers["x-subject"], SUBJECT);
    assert.equal(headers.authorization, undefined);
    assert.ok(!Object.values(headers).includes("root"));
    const refused = await fetch(url, { headers: forged });
    assert.equal(refused.status, 401);
    await refused.body?.cancel();
  },
});

function springProject(version: string): string {
  const spring = "<groupId>org.springframework.boot</groupId>";
  const starters = ["web", "oauth2-resource-server"].map((name) =>
    `<dependency>${spring}<artifactId>spring-boot-starter-${name}</artifactId></dependency>`
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
    <modelVersion>4.0.0</modelVersion>
    <parent>
      ${spring}<artifactId>spring-boot-starter-parent</artifactId><version>${version}</version>
    </parent>
    <groupId>api</groupId><artifactId>api</artifactId><version>1</version>
    <dependencies>${starters.join("")}</dependencies>
  </project>`;
}

/** Our application on a port, with a clock to set, and its tokens. */
async function startIssuer() {
  await using cleanUp = new AsyncDisposableStack();
  const database = cleanUp.use(await databaseKinds[0].create());
  // Its keys are older than any token here.
  const clock = manualClock(Date.now() - 3_600_000);
  const server = cleanUp.use(await testServer(database.location, () => {}, clock));
  const site = cleanUp.use(serveSite(server));
  const { keys } = server.parts;
  const parts = { issuer: site.url, clock, keys, lifetime: 900 };
  const accessToken = async ({ audience = site.url, issuer = site.url } = {}) =>
    await signAccessToken({ ...parts, issuer }, {
      subject: SUBJECT,
      clientId: brand.cliClientId,
      scope: "openid deploy",
      audience,
      authenticatedAt: new Date(clock.now()),
    });
  const owned = cleanUp.move();
  return {
    url: site.url,
    clock,
    accessToken,
    // With the API itself as its client, which is what makes it look most like an access token.
    idToken: async () =>
      await signIdToken(parts, {
        claims: { sub: SUBJECT, scope: "openid deploy" } as { sub: string },
        clientId: site.url,
        authenticatedAt: new Date(clock.now()),
        accessToken: await accessToken(),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startApi(recipe: Recipe, issuer: string) {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "recipe-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  const text = recipeText(recipe.language)
    .replaceAll("http://127.0.0.1:8787", issuer)
    .replace(String(recipe.port), String(port));
  const running = cleanUp.use(await recipe.start(folder, text, port));
  const url = `http://127.0.0.1:${port}/`;
  await listens(url, running);
  const owned = cleanUp.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The page's only block of code in a language. */
function recipeText(language: string): string {
  const blocks = [...PAGE.matchAll(new RegExp("```" + language + "\n([^]*?)```", "g"))];
  assert.equal(blocks.length, 1, language);
  return blocks[0][1];
}

async function listens(url: string, running: Running): Promise<void> {
  const ended = running.ended.then(({ stderr }) => stderr);
  await eventually(`${url} answers`, async () => {
    const answer = fetch(url).then((response) => response.body?.cancel(), () => "not yet");
    const end = await Promise.race([answer, ended]);
    assert.ok(end === undefined || end === "not yet", `the process exited:\n${end}`);
    return end === undefined;
  });
}

async function prepare(folder: string, program: string, args: string[]): Promise<void> {
  const command = new Deno.Command(await programPath(program), { args, cwd: folder });
  const { success, stderr } = await command.output();
  assert.ok(success, `${program} ${args.join(" ")}:\n${new TextDecoder().decode(stderr)}`);
}

async function hasAll(programs: readonly string[]): Promise<boolean> {
  return (await Promise.all(programs.map(isUsable))).every(Boolean);
}

function tampered(token: string): string {
  const [header, payload, signature] = token.split(".");
  return [header, payload, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".");
}

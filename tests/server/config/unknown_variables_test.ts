import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { settings } from "../../../server/config/schema.ts";
import { unknownVariables } from "../../../server/config/unknown_variables.ts";
import { brand } from "../../../shared/brand.ts";
import { CLIENT_VARIABLES } from "../../../shared/environment_variables.ts";

const PREFIX = brand.envPrefix;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

Deno.test("reports a misspelled setting with the name that was meant", () => {
  const cases: Record<string, string> = {
    LISTN: "LISTEN",
    LISETN: "LISTEN",
    LISTENS: "LISTEN",
    listen: "LISTEN",
    SECRET_KY: "SECRET_KEY",
    TRUSTED_PROXY: "TRUSTED_PROXIES",
    DATABASE_URI: "DATABASE_URL",
    DATADIR: "DATA_DIR",
    CONFG: "CONFIG",
  };
  for (const [name, meant] of Object.entries(cases)) {
    const { problems, warnings } = unknownVariables({ [`${PREFIX}_${name}`]: "x" });
    assert.deepEqual(warnings, [], name);
    assert.deepEqual(problems.map(({ code, subject }) => [code, subject]), [
      ["unknown_variable", `${PREFIX}_${name}`],
    ]);
    assert.ok(problems[0].message.endsWith(`${PREFIX}_${meant}?`), problems[0].message);
  }
});

Deno.test("warns of a variable unlike any setting, without its value", () => {
  const { problems, warnings } = unknownVariables({ [`${PREFIX}_WORKER_COUNT`]: "secret" });
  assert.deepEqual(problems, []);
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0].code, "unknown_variable");
  assert.equal(warnings[0].subject, `${PREFIX}_WORKER_COUNT`);
  assert.doesNotMatch(warnings[0].message, /secret/);
});

Deno.test("accepts settings, variables of the client and those of Kubernetes", () => {
  const names = [
    ...settings.map(({ name }) => name.toUpperCase()),
    ...["CONFIG", ...CLIENT_VARIABLES],
    ...["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8787_TCP"],
    ...["PORT_8787_TCP_PROTO", "PORT_8787_TCP_PORT", "PORT_8787_TCP_ADDR"],
  ];
  const env = Object.fromEntries(names.map((name) => [`${PREFIX}_${name}`, "x"]));
  const none = { problems: [], warnings: [] };
  assert.deepEqual(unknownVariables(env), none);
  assert.deepEqual(unknownVariables({ [`${PREFIX}_LISTN`]: "", PATH: "/bin", LISTN: "x" }), none);
});

Deno.test("accepts every variable that the client or a CI template reads", async () => {
  const known: readonly string[] = CLIENT_VARIABLES;
  const variables = new Set<string>();
  const patterns: [folder: string, pattern: RegExp][] = [
    ["client", /\$\{(?:brand\.)?envPrefix\}_([A-Z][A-Z_]*[A-Z])/g],
    ["docs/ci", new RegExp(`\\b${PREFIX}_([A-Z][A-Z_]*[A-Z])`, "g")],
    [".github/actions", new RegExp(`\\b${PREFIX}_([A-Z][A-Z_]*[A-Z])`, "g")],
  ];
  for (const [folder, pattern] of patterns) {
    for await (const text of textsBelow(`${ROOT}/${folder}`)) {
      for (const [, name] of text.matchAll(pattern)) variables.add(name);
    }
  }
  assert.deepEqual([...variables].filter((name) => !known.includes(name)), []);
  assert.ok(variables.has("TOKEN"));
});

async function* textsBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* textsBelow(`${folder}/${name}`);
    else yield await Deno.readTextFile(`${folder}/${name}`);
  }
}

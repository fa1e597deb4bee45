import { strict as assert } from "node:assert";
import {
  complete,
  type KnownValues,
  type Requested,
} from "../../../client/commands/completion/complete.ts";
import { completionScript } from "../../../client/commands/completion/completion.ts";
import { wholeCommandLine } from "../../../tasks/reference/whole_command_line.ts";

const program = await wholeCommandLine();

function offered(line: string, known?: KnownValues): string[] {
  const candidates = complete(program, line.split(" "), known);
  return Array.isArray(candidates)
    ? candidates.map(([value]) => value)
    : [`command ${candidates.offset}`];
}

Deno.test("completes commands by their prefix, at each level", () => {
  assert.deepEqual(offered("lo"), ["login", "logout"]);
  assert.deepEqual(offered("admin k"), ["keys"]);
  assert.deepEqual(offered("admin keys "), ["list", "rotate", "remove", "import"]);
  assert.deepEqual(offered("help admin k"), ["keys"]);
  assert.deepEqual(offered("nonsense lo"), ["login", "logout"]);
  assert.ok(!offered("").includes("complete"));
});

Deno.test("completes options after a dash, and their values", () => {
  assert.deepEqual(offered("token --h"), ["--header", "--help"]);
  assert.deepEqual(offered("token --min-ttl "), []);
  assert.deepEqual(offered("admin user add --name Al --a"), ["--admin"]);
  assert.deepEqual(offered("completion z"), ["zsh"]);
  assert.deepEqual(offered("exec --min-ttl 5m --en"), ["--env"]);
  assert.deepEqual(offered("exec sh --en"), ["command 1"]);
  assert.deepEqual(offered("exec "), ["command 1"]);
  assert.deepEqual(offered("exec -- gi"), ["command 2"]);
  assert.deepEqual(offered("exec --env A --server=x git com"), ["command 4"]);
  assert.deepEqual(offered("admin user disable "), []);
});

Deno.test("completes servers and accounts of the logins", () => {
  const known: KnownValues = ({ attribute }) =>
    attribute === "server" ? [["https://auth.example.com", "active"], ["https://b.example", ""]] : [
      ["alice@example.com", ""],
    ];
  assert.deepEqual(offered("token --server https://a", known), ["https://auth.example.com"]);
  assert.deepEqual(offered("token --server=", known), [
    "--server=https://auth.example.com",
    "--server=https://b.example",
  ]);
  assert.deepEqual(offered("switch ", known), ["alice@example.com"]);
});

Deno.test("completes lists of scopes, and the values of a command's own login", () => {
  const asked: Requested[] = [];
  const known: KnownValues = (requested) => {
    asked.push(requested);
    return [["deploy", ""], ["read", ""]];
  };
  assert.deepEqual(offered("pat create --scope d", known), ["deploy"]);
  assert.deepEqual(offered("pat create --scope deploy,", known), ["deploy,read"]);
  assert.deepEqual(offered("pat create --scope=deploy,r", known), ["--scope=deploy,read"]);
  assert.deepEqual(offered("pat revoke deploy r", known), ["read"]);
  asked.length = 0;
  offered("pat edit --server https://a.example --account=bob ", known);
  assert.deepEqual(asked.map(({ attribute, path, selection }) => [attribute, path, selection]), [
    ["token", ["pat", "edit"], { server: "https://a.example", account: "bob" }],
  ]);
});

/** Runs `script` in a real shell, where the function NAME stands for the program. */
async function inShell(shell: string, script: string): Promise<string> {
  const { stdout } = await new Deno.Command(shell, {
    args: ["-c", script],
    env: { HOME: "/nonexistent" },
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "the bash script evaluates nothing that was typed",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const program = `${folder}/my-app`;
      await Deno.writeTextFile(
        program,
        `#!/bin/sh\nprintf '%s\\n' "$*" > ${folder}/asked\n` +
          `printf -- '--server=http://one\\tfirst\\n--server=http://two\\t\\n'\n`,
        { mode: 0o755 },
      );
      const line = `${program} login \$(touch ${folder}/evaluated) --server=http:`;
      const out = await inShell(
        "bash",
        `${completionScript("bash", "my-app")}
        ${completionScript("bash", "my-app")}
        COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}
        _my_app_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
      // readline splits at "=" and ":".
      assert.equal(out, "//one\n//two\n");
      assert.equal(
        await Deno.readTextFile(`${folder}/asked`),
        `complete -- login $(touch ${folder}/evaluated) --server=http:\n`,
      );
      await assert.rejects(Deno.stat(`${folder}/evaluated`), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("names only this program in every script", () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"] as const) {
    const script = completionScript(shell, "my-app");
    assert.match(script, /my-app/);
    assert.doesNotMatch(script, /NAME|FUNCTION/);
  }
});

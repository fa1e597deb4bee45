/** Standard streams that cannot be written: commands report it, and revoke a secret that was not shown. */
import assert from "node:assert/strict";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, type Ended, run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { install } from "../support/installation.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** Runs the program with the redirection as a shell has it. */
function redirected(
  redirection: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Ended> {
  const script = `exec "$0" "$@" ${redirection}`;
  return run(["-c", script, binaryPath(), ...args], { env }, "sh");
}

Deno.test({
  name: "no command prints a stack trace when a standard stream cannot be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const cases: [string[], number][] = [
      [["--help"], EXIT.failure],
      [[], EXIT.failure],
      [["--version"], EXIT.failure],
      [["help", "admin"], EXIT.failure],
      [["complete", "--", ""], EXIT.failure],
      [["completion", "bash"], EXIT.failure],
      [["status", "--json"], EXIT.failure],
    ];
    for (const [args, code] of cases) {
      const ended = await redirected(">/dev/full", args, home.env);
      assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
      assert.equal(ended.stderr.trimEnd().split("\n").length, 1, ended.stderr);
      assert.match(ended.stderr, /standard output/);
    }
    // Without a working standard error, only the exit code is left.
    for (const redirection of ["2>/dev/full", "2>&-"]) {
      assert.equal((await redirected(redirection, ["nonsense"], home.env)).code, EXIT.usage);
      const status = await redirected(redirection, ["status"], home.env);
      assert.equal(status.code, EXIT.authenticationRequired);
    }
    // Unwanted output is not a failure.
    for (const redirection of [">/dev/null", ">&-"]) {
      assert.equal((await redirected(redirection, ["--help"], home.env)).code, EXIT.ok);
    }
  },
});

Deno.test({
  name: "revokes a secret that is shown once and cannot be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    await using server = await install();
    await logIn(server, home, { managing: [] });
    const listed = async () => {
      const { stdout } = await run(["pat", "list", "--json"], { env: home.env });
      return JSON.parse(stdout) as { name: string }[];
    };
    const clients = async () => (await server.operate(["admin", "client", "list"])).stdout;
    for (const redirection of [">&-", ">/dev/full"]) {
      for (const more of [[], ["--json"]]) {
        const args = ["pat", "create", "--name", "lost", "--scope", "", ...more];
        const created = await redirected(redirection, args, home.env);
        assert.equal(created.code, EXIT.failure, `${redirection}: ${created.stderr}`);
        assert.deepEqual(await listed(), []);
      }
    }
    for (const redirection of [">&-", ">/dev/full"]) {
      const name = redirection.slice(-4);
      const kept = await run(["pat", "create", "--name", name, "--scope", ""], { env: home.env });
      assert.equal(kept.code, EXIT.ok, kept.stderr);
      const before = (await listed()).length;
      const rotated = await redirected(redirection, ["pat", "rotate", name], home.env);
      assert.equal(rotated.code, EXIT.failure, `${redirection}: ${rotated.stderr}`);
      assert.equal((await listed()).length, before);
    }
    const none = await clients();
    for (const redirection of [">&-", ">/dev/full"]) {
      const dataDir = ["--data-dir", server.dataDir];
      const args = ["admin", "client", "add", "lost", ...dataDir];
      const added = await redirected(redirection, args, home.env);
      assert.equal(added.code, EXIT.failure, `${redirection}: ${added.stderr}`);
      assert.equal(await clients(), none);
    }
    // Discarded on purpose: what the user asked for.
    assert.equal((await redirected(">/dev/null", ["token"], home.env)).code, EXIT.ok);
  },
});

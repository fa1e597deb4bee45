/** The client as users and scripts see it: exit codes, messages, several logins, failures. */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { version } from "../../shared/version.ts";
import { binaryPath, type Ended, run } from "../support/binary.ts";
import { startHttpRelay } from "../support/http_relay.ts";
import { ALICE, install, POSTGRES } from "../support/installation.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { terminal } from "../support/terminal.ts";

const bin = brand.binaryName;
const TOKEN = `${brand.envPrefix}_TOKEN`;
const BOB = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };

/** Checks the exit code and that a failure says what to standard error and nothing to output. */
function assertFails(ended: Ended, code: number, message: RegExp): void {
  assert.equal(ended.code, code, ended.stderr);
  assert.equal(ended.stdout, "");
  assert.match(ended.stderr, message);
}

Deno.test("without any login", async (t) => {
  await using at = await terminal();

  await t.step("commands without a login create no files", async () => {
    for (const command of ["token", "whoami", "status", "logout", "switch"]) {
      assert.equal((await at.run([command])).code, EXIT.authenticationRequired);
    }
    await assert.rejects(Deno.stat(at.folder), Deno.errors.NotFound);
  });

  await t.step("wrong usage of nested commands and of choices exits with 2", async () => {
    for (const args of [["admin", "nonsense"], ["completion", "tcsh"]]) {
      assertFails(await at.run(args), EXIT.usage, new RegExp(`Run \`${bin}.* --help\``));
    }
  });

  await t.step(
    "an unreachable server exits with 75, another kind of server with 1",
    async () => {
      assertFails(
        await at.run(["login", "--server", "http://127.0.0.1:2"]),
        EXIT.temporaryFailure,
        /Cannot reach http:\/\/127\.0\.0\.1:2: connection refused/,
      );
      let status = 503;
      await using other = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        () => new Response("hello", { status }),
      );
      const login = ["login", "--server", `http://127.0.0.1:${other.addr.port}`];
      assertFails(await at.run(login), EXIT.temporaryFailure, /HTTP 503.*Try again later/);
      for (status of [200, 404]) {
        assertFails(await at.run(login), EXIT.failure, /authorization server/);
      }
    },
  );

  await t.step("help and version go to standard output and exit with 0", async () => {
    const help = await at.run(["--help"]);
    assert.equal(help.code, 0);
    for (const word of ["login", "token", "serve", "Examples"]) {
      assert.ok(help.stdout.includes(word));
    }
    for (const flag of ["--version", "-V"]) {
      const { code, stdout } = await at.run([flag]);
      assert.equal(code, 0);
      assert.match(
        stdout,
        new RegExp(`^${bin} ${version.replaceAll(".", "\\.")} \\([0-9a-f]{12}.*, Deno \\d+\\.\\d+`),
      );
    }
  });
});

Deno.test("several servers and accounts at once", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  const [first, second] = await Promise.all([
    install({ database: POSTGRES }),
    install({ database: POSTGRES }),
  ]);
  cleanUp.use(first);
  cleanUp.use(second);
  await first.addUser(BOB);
  const at = cleanUp.use(await terminal());

  await t.step("stores three simultaneous logins", async () => {
    const logins = await Promise.all([
      at.login(first, first.alice),
      at.login(first, first.approver(BOB)),
      at.login(second, second.alice),
    ]);
    for (const { code, stderr } of logins) assert.equal(code, 0, stderr);
    const { logins: remembered } = JSON.parse((await at.run(["status", "--json"])).stdout);
    assert.deepEqual(
      remembered.map(({ account, server }: Record<string, string>) => `${account} ${server}`)
        .sort(),
      [
        `${ALICE.email} ${first.issuer}`,
        `${ALICE.email} ${second.issuer}`,
        `${BOB.email} ${first.issuer}`,
      ]
        .sort(),
    );
  });

  const whoami = async (...args: string[]) => {
    const { code, stdout, stderr } = await at.run(["whoami", "--json", ...args]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).email;
  };
  const issuerOf = async (...args: string[]) => {
    const { stdout } = await at.run(["token", ...args]);
    return JSON.parse(atob(stdout.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).iss;
  };

  await t.step("switch chooses the active one, by account and server", async () => {
    const chosen = await at.run(["switch", BOB.email, "--server", first.issuer]);
    assert.equal(chosen.code, 0);
    assert.match(chosen.stderr, new RegExp(`Now active: ${BOB.email} on ${first.issuer}`));
    assert.equal(await whoami(), BOB.email);
    await at.run(["switch", ALICE.email, "--server", second.issuer]);
    assert.equal(await whoami(), ALICE.email);
    assert.equal(await issuerOf(), second.issuer);
    assert.match((await at.run(["status"])).stdout, new RegExp(`on ${second.issuer} \\(active\\)`));
  });

  await t.step(
    "options select a login for one command; an ambiguous one exits with 2 and lists the choices",
    async () => {
      assert.equal(await whoami("--server", first.issuer, "--account", BOB.email), BOB.email);
      assertFails(
        await at.run(["token", "--server", first.issuer]),
        EXIT.usage,
        new RegExp(`(.* on ${first.issuer}[,.] ?){2}.*${bin} switch`),
      );
      assertFails(
        await at.run(["switch"]),
        EXIT.usage,
        new RegExp(`${bin} switch ${BOB.email} --server`),
      );
      assertFails(
        await at.run(["switch", "carol@example.com"]),
        EXIT.authenticationRequired,
        /no such login/,
      );
      assertFails(
        await at.run(["token", "--server", "http://127.0.0.1:2"]),
        EXIT.authenticationRequired,
        new RegExp(`Not logged in to http://127\\.0\\.0\\.1:2\\. Run: ${bin} login --server`),
      );
    },
  );

  await t.step("logout revokes one of them", async () => {
    assert.equal((await at.run(["logout", "--account", BOB.email])).code, 0);
    assert.equal(await whoami("--server", first.issuer), ALICE.email);
  });

  await t.step("an unreachable server keeps its login, and other logins can log out", async () => {
    await first.kill();
    await at.expireAccessTokens();
    const refused = /Cannot reach .*: connection refused/;
    const down = ["--server", first.issuer];
    assertFails(await at.run(["token", ...down]), EXIT.temporaryFailure, refused);
    assert.equal(await whoami("--server", second.issuer), ALICE.email);
    const some = await at.run(["logout", "--all"]);
    assertFails(some, EXIT.temporaryFailure, new RegExp(`still logged in to ${first.issuer}`));
    assert.match(some.stderr, new RegExp(`Logged out ${ALICE.email} from ${second.issuer}`));
    await first.restart();
    assert.equal((await at.run(["token", ...down])).code, 0);
    assert.equal((await at.run(["logout", "--all"])).code, 0);
    assert.deepEqual(await at.credentialFiles(), []);
  });
});

Deno.test("one login, with and without failures", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  let port = 0;
  const relay = cleanUp.use(await startHttpRelay(() => port));
  const server = cleanUp.use(
    await install({ database: POSTGRES, args: ["--issuer", relay.origin] }),
  );
  port = server.server.port;
  await server.addUser(BOB);
  const at = cleanUp.use(await terminal());
  const other = cleanUp.use(await terminal());
  const logins = await Promise.all([
    at.login(server, server.alice),
    other.login(server, server.approver(BOB)),
  ]);
  for (const { code, stderr } of logins) assert.equal(code, 0, stderr);
  const [file] = await at.credentialFiles();
  const token = (await at.run(["token"])).stdout.trim();

  await t.step("token prints only the token, a header, or JSON", async () => {
    const plain = await at.run(["token"]);
    assert.deepEqual([plain.stdout, plain.stderr], [`${token}\n`, ""]);
    const header = await at.run(["token", "--header"]);
    assert.equal(header.stdout, `Authorization: Bearer ${token}\n`);
    const json = JSON.parse((await at.run(["token", "--json"])).stdout);
    assert.deepEqual(
      [json.token, json.source, json.server, json.account],
      [token, "file", server.issuer, ALICE.email],
    );
    assert.ok(Math.abs(Date.parse(json.expiresAt) - Date.now() - 15 * 60_000) < 60_000);
  });

  await t.step(`${TOKEN} wins over the login, and status names it`, async () => {
    const bobs = (await other.run(["token"])).stdout.trim();
    const env = { [TOKEN]: bobs };
    assert.equal((await at.run(["token"], { env })).stdout, `${bobs}\n`);
    assert.match((await at.run(["whoami"], { env })).stdout, new RegExp(BOB.email));
    const status = await at.run(["status"], { env });
    assert.equal(status.code, 0);
    assert.match(status.stdout, new RegExp(`^Using the token in ${TOKEN}`));
    const json = JSON.parse((await at.run(["status", "--json"], { env })).stdout);
    assert.equal(json.source, "environment");
    // For someone without a login, too; and a useless one is not passed over in silence.
    await using stranger = await terminal(env);
    assert.equal((await stranger.run(["token"])).stdout, `${bobs}\n`);
    assertFails(
      await at.run(["whoami"], { env: { [TOKEN]: `${bobs}x` } }),
      EXIT.authenticationRequired,
      new RegExp(`does not accept the token in ${TOKEN}`),
    );
  });

  await t.step({
    name: "rejects a file that others may read, with the command that fixes it",
    ignore: Deno.build.os === "windows",
    async fn() {
      for (const [path, wide] of [[file, 0o640], [dirname(file), 0o755]] as const) {
        await Deno.chmod(path, wide);
        const refused = await at.run(["token"]);
        assertFails(refused, EXIT.credentialStore, /chmod [67]00 /);
        const [command] = refused.stderr.match(/chmod [67]00 .*/) ?? [];
        const mended = await new Deno.Command("sh", { args: ["-c", command!] }).output();
        assert.ok(mended.success);
        assert.equal((await at.run(["token"])).stdout, `${token}\n`);
      }
    },
  });

  const troubles = {
    "a server that answers 503": () => relay.rule = () => Promise.resolve("fail"),
    "a server that cuts connections": () => relay.rule = () => Promise.resolve("lose"),
  };
  for (const [name, begin] of Object.entries(troubles)) {
    await t.step(`${name}: exits with 75, and nothing is lost`, async () => {
      const before = await Deno.readTextFile(file);
      const { stdout: alive } = await at.run(["token"]);
      begin();
      // Too little life left for --min-ttl, but alive: better than nothing.
      const requested = await at.run(["token", "--min-ttl", "1h"]);
      assert.deepEqual([requested.code, requested.stdout], [0, alive]);
      assert.match(requested.stderr, /^Warning: .* valid for another 1\d min/);
      assertFails(await at.run(["logout"]), EXIT.temporaryFailure, /still logged in .*--force/);
      assert.equal(await Deno.readTextFile(file), before);

      await at.expireAccessTokens();
      const ended = await Deno.readTextFile(file);
      assertFails(await at.run(["token"]), EXIT.temporaryFailure, /[Tt]ry again/);
      assertFails(await at.run(["whoami"]), EXIT.temporaryFailure, /[Tt]ry again/);
      assert.equal(await Deno.readTextFile(file), ended);

      relay.rule = undefined;
      const renewed = await at.run(["token"]);
      assert.equal(renewed.code, 0, renewed.stderr);
      assert.notEqual(renewed.stdout, alive);
    });
  }

  await t.step("a login that the server revoked exits with 4", async () => {
    const { refreshToken } = JSON.parse(await Deno.readTextFile(file));
    const revoked = await fetch(`${server.issuer}/oauth/revoke`, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, token: refreshToken }),
    });
    assert.equal(revoked.status, 200);
    assertFails(await at.run(["whoami"]), EXIT.authenticationRequired, /has expired/);
    assertFails(await at.run(["token"]), EXIT.authenticationRequired, /Not logged in/);
    assert.deepEqual(await at.credentialFiles(), []);
  });

  await t.step("so does one of a disabled account", async () => {
    const disabled = await server.operate(["admin", "user", "disable", BOB.email]);
    assert.equal(disabled.code, 0);
    await other.expireAccessTokens();
    assertFails(await other.run(["token"]), EXIT.authenticationRequired, /has expired/);
  });
});

/** How each shell is brought to complete the lines, and to print what it would offer. */
const SHELLS: Record<string, (...lines: string[]) => string> = {
  bash: (...lines) =>
    `source <("$PROGRAM" completion bash)
    function=$(complete -p ${bin} | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    for COMP_LINE in ${lines.map(quoted).join(" ")}; do
      COMP_POINT=\${#COMP_LINE}
      "$function"
      printf '%s\\n' "\${COMPREPLY[@]}"
    done`,
  zsh: (...lines) =>
    `autoload -Uz compinit && compinit -u
    source <("$PROGRAM" completion zsh)
    _describe() { print -rl -- "\${(@P)2}" }
    for line in ${lines.map(quoted).join(" ")}; do
      words=(\${(z)line}) CURRENT=\${#words}
      \${_comps[${bin}]}
    done`,
  fish: (...lines) =>
    `$PROGRAM completion fish | source
    ${lines.map((line) => `complete -C ${quoted(line)}`).join("\n")}`,
};

function quoted(text: string): string {
  return `'${text}'`;
}

Deno.test("completions work in the shells themselves", async (t) => {
  await using home = await temporaryHome();
  const path = `${dirname(binaryPath())}${delimiter}${Deno.env.get("PATH")}`;
  // Where the shell shows descriptions, they follow after ":" or a tab.
  const offered = (stdout: string) =>
    stdout.trimEnd().split("\n").map((line) => line.split(/[:\t]/)[0]);
  for (const [shell, completing] of Object.entries(SHELLS)) {
    await t.step({
      name: shell,
      // The tests bring the shells along on Linux; elsewhere those that are there must do.
      ignore: Deno.build.os !== "linux" && !await onPath(shell),
      async fn() {
        const env = { ...home.env, PATH: path, PROGRAM: binaryPath() };
        const script = completing(`${bin} log`, `${bin} token --he`);
        const { code, stdout, stderr } = await run(["-c", script], { env }, shell);
        assert.equal(code, 0, stderr);
        assert.equal(stderr, "");
        assert.deepEqual(offered(stdout), ["login", "logout", "--header", "--help"]);
      },
    });

    await t.step({
      name: `${shell}, which completes the program that exec runs`,
      ignore: Deno.build.os !== "linux" && !await onPath(shell),
      async fn() {
        const folder = join(home.folder, "programs");
        await Deno.mkdir(folder, { recursive: true });
        const program = join(folder, "xyzzy-one");
        await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o755 });
        const env = { ...home.env, PATH: `${folder}${delimiter}${path}`, PROGRAM: binaryPath() };
        const normal = shell === "zsh"
          ? `_normal() { print -rl -- $CURRENT "\${words[@]}" }\n`
          : "";
        for (const line of [`${bin} exec -- xyzzy`, `${bin} exec --env A xyzzy`]) {
          const script = completing(line).replace("\n", `\n${normal}`);
          const { stdout, stderr } = await run(["-c", script], { env }, shell);
          assert.equal(stderr, "", line);
          const expected = shell === "zsh" ? ["1", "xyzzy"] : ["xyzzy-one"];
          assert.deepEqual(offered(stdout), expected, line);
        }
      },
    });

    await t.step({
      name: `${shell}, with the program named by a path`,
      ignore: Deno.build.os !== "linux" && !await onPath(shell),
      async fn() {
        // On no PATH: only what was typed says where it is.
        const folder = join(home.folder, "my bin");
        await Deno.mkdir(folder, { recursive: true });
        await Deno.symlink(binaryPath(), join(folder, bin)).catch(() => {});
        await Deno.symlink(folder, join(home.folder, "bin")).catch(() => {});
        const env = { ...home.env, PROGRAM: binaryPath() };
        const typed = [
          `~/bin/${bin}`,
          `$HOME/bin/${bin}`,
          `${home.folder}/bin/${bin}`,
          `./bin/${bin}`,
          `bin/../bin/${bin}`,
          `~/my\\ bin/${bin}`,
          `"${folder}/${bin}"`,
        ];
        for (const program of typed) {
          const script = completing(`${program} logi`, `${program} token --he`);
          const { stdout, stderr } = await run(["-c", script], { env, cwd: home.folder }, shell);
          assert.equal(stderr, "", program);
          assert.deepEqual(offered(stdout), ["login", "--header", "--help"], program);
        }
        // What cannot be a program is neither run nor evaluated.
        const marker = join(home.folder, "marker");
        const odd = [`$(touch ${marker})/${bin}`, `~$(touch ${marker})/${bin}`, `~nobody/${bin}`];
        for (const program of odd) {
          const script = completing(`${program} logi`);
          await run(["-c", script], { env, cwd: home.folder }, shell);
          await assert.rejects(Deno.lstat(marker), Deno.errors.NotFound, program);
        }
      },
    });
  }

  await t.step("prints PowerShell's script", async () => {
    const { code, stdout } = await run(["completion", "powershell"], { env: home.env });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Register-ArgumentCompleter -Native -CommandName '${bin}'`));
  });
});

async function onPath(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/**
 * A token's whole life in CI: created at a terminal, used by programs, by git and by docker,
 * exchanged, rotated, found where it leaked, and revoked.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, type Ended, run, type RunOptions, start } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { ALICE, type DatabaseName, install, POSTGRES } from "../support/installation.ts";
import { assertNoSecrets } from "../support/assert_no_secrets.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;
const SERVER = `${brand.envPrefix}_SERVER`;
const SECRET = new RegExp(`^${brand.tokenPrefixes.personalAccessToken}[0-9A-Za-z]{49}\n$`);

for (const database of ["embedded", POSTGRES] satisfies DatabaseName[]) {
  Deno.test(`a personal access token works in CI from creation to revocation (${database})`, async (t) => {
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, `[scopes]\ndeploy = "Deploy"\nread = "Read"\n`);
    await using server = await install({ database, args: ["--config", config] });
    await logIn(server, home, { managing: ["deploy", "read"] });

    const cli = async (args: string[], options: RunOptions = {}): Promise<Ended> => {
      const ended = await run(args, { ...options, env: { ...home.env, ...options.env } });
      assertNoSecrets(args.join(" "), ended.stderr);
      return ended;
    };
    /** As in a CI job: no login, a token in the environment. */
    const job = (secret: string) => ({
      [TOKEN]: secret,
      [SERVER]: server.issuer,
      HOME: "/nowhere",
    });
    const verify = async (token: string, query = "") => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${server.issuer}/auth/verify${query}`, { headers });
      await response.body?.cancel();
      return { status: response.status, challenge: response.headers.get("www-authenticate") };
    };
    const create = async (name: string) => {
      const ended = await cli(["pat", "create", "--name", name, "--scope", "deploy"]);
      assert.equal(ended.code, EXIT.ok, ended.stderr);
      assert.match(ended.stdout, SECRET);
      return ended.stdout.trim();
    };

    let secret!: string;
    await t.step("creates it, and lists it without its secret", async () => {
      secret = await create("ci");
      assert.equal((await verify(secret, "?scope=deploy")).status, 200);
      assert.equal((await verify(secret, "?scope=read")).status, 403);
      const listed = await cli(["pat", "list", "--json"]);
      const [token] = JSON.parse(listed.stdout);
      assert.deepEqual(
        { name: token.name, prefix: token.prefix, scopes: token.scopes },
        { name: "ci", prefix: secret.slice(0, 12), scopes: ["deploy"] },
      );
      assertNoSecrets("pat list", listed.stdout);
      assertNoSecrets("pat show", (await cli(["pat", "show", "ci"])).stdout);
      const refused = await cli(["pat", "create", "--name", "x", "--scope", "unheard-of"]);
      assert.equal(refused.code, EXIT.failure);
      assert.match(refused.stderr, /Unknown scope: unheard-of/);
      assert.equal(refused.stdout, "");
    });

    await t.step("a job prints it unchanged, or exchanged for a JWT", async () => {
      const env = job(secret);
      assert.equal((await cli(["token"], { env })).stdout, `${secret}\n`);
      const exchanged = await cli(["token", "--exchange"], { env });
      assert.match(exchanged.stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
      assert.equal((await verify(exchanged.stdout.trim(), "?scope=deploy")).status, 200);
      assert.match((await cli(["pat", "show"], { env })).stdout, /^name: +ci$/m);
      assert.equal((await cli(["whoami"], { env })).stdout, `${ALICE.email}\n`);
      const refused = await cli(["pat", "list"], { env });
      assert.equal(refused.code, EXIT.authenticationRequired);
      assert.equal(refused.stdout, "");
    });

    await t.step("exec passes on input, output, exit code and signals", async () => {
      const script = `read line; echo "$line $API_TOKEN"; exit 7`;
      const args = ["exec", "--env", "API_TOKEN", "--", "sh", "-c", script];
      const ended = await cli(args, { env: job(secret), stdin: "hello\n" });
      assert.deepEqual([ended.code, ended.stdout], [7, `hello ${secret}\n`]);
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
        const name = signal.slice(3);
        const waiting =
          `trap 'echo caught; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`;
        await using running = start(["exec", "--", "sh", "-c", waiting], {
          env: { ...home.env, ...job(secret) },
        });
        await running.waitFor(/ready/);
        running.kill(signal);
        const { code, stdout } = await running.ended;
        assert.deepEqual([code, stdout], [9, "ready\ncaught\n"], signal);
      }
    });

    await t.step("Ctrl-C reaches the program of exec once, which exits with 130", async () => {
      const env = { ...home.env, ...job(secret) };
      await using ended = start(["exec", "--", "sh", "-c", "echo ready; exec sleep 60"], { env });
      await ended.waitFor(/ready/);
      ended.kill("SIGINT");
      assert.equal((await ended.ended).code, EXIT.interrupted);
      if (Deno.build.os !== "linux") return;
      // A terminal sends it to all processes of its group; the other key ends the count.
      const count = join(home.folder, "count.sh");
      await Deno.writeTextFile(
        count,
        `n=0; trap 'n=$((n+1)); echo caught' INT; trap 'echo "$n in all"; exit 3' QUIT
         echo ready; while :; do sleep 0.05; done`,
      );
      const command = `exec '${binaryPath()}' exec -- sh '${count}'`;
      const args = ["--quiet", "--return", "--command", command, "/dev/null"];
      await using terminal = start(args, { env }, "script");
      await terminal.waitFor(/ready/);
      await terminal.write("\x03");
      await terminal.waitFor(/caught/);
      await terminal.write("\x1c");
      const { code, stdout } = await terminal.ended;
      assert.match(stdout, /1 in all/);
      assert.equal(code, 3);
    });

    await t.step("git gets it for the named hosts only", async () => {
      const helper = `!'${binaryPath()}' auth git-credential --host git.example.com`;
      const fill = async (protocol: string, host: string) => {
        const args = ["-c", "credential.helper=", "-c", `credential.helper=${helper}`];
        const ended = await run([...args, "credential", "fill"], {
          env: { ...job(secret), GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1" },
          stdin: `protocol=${protocol}\nhost=${host}\n\n`,
        }, "git");
        return ended.stdout;
      };
      assert.match(
        await fill("https", "git.example.com"),
        new RegExp(`^username=x-access-token\npassword=${secret}$`, "m"),
      );
      for (const [protocol, host] of [["http", "git.example.com"], ["https", "github.com"]]) {
        assert.equal(await fill(protocol, host), "");
      }
    });

    await t.step("docker gets it from a link to the program", async () => {
      const link = join(home.folder, `docker-credential-${brand.binaryName}`);
      await Deno.symlink(binaryPath(), link);
      await Deno.writeTextFile(
        join(home.folder, "config.json"),
        JSON.stringify({ credHelpers: { "registry.example.com": brand.binaryName } }),
      );
      const env = { ...job(secret), DOCKER_CONFIG: home.folder };
      const credential = await run(["get"], { env, stdin: "registry.example.com" }, link);
      assert.equal(JSON.parse(credential.stdout).Secret, secret);
      const hub = await run(["get"], { env, stdin: "https://index.docker.io/v1/" }, link);
      assert.deepEqual([hub.code, hub.stdout], [1, "credentials not found in native keychain\n"]);
    });

    await t.step("rotates it, and the old one expires after the overlap", async () => {
      const kept = await cli(["pat", "rotate", "ci", "--overlap", "10m"]);
      assert.equal(kept.code, EXIT.ok, kept.stderr);
      assert.match(kept.stdout, SECRET);
      for (const token of [secret, kept.stdout.trim()]) {
        assert.equal((await verify(token)).status, 200);
      }
      // Both are called ci: the newest is meant.
      const next = await cli(["pat", "rotate", "ci", "--overlap", "0"]);
      assert.equal((await verify(kept.stdout.trim())).status, 401);
      assert.equal((await verify(next.stdout.trim())).status, 200);
    });

    await t.step("finds a service account's with --owner", async () => {
      const added = await server.operate(
        ["admin", "service-account", "add", "deployer", "--scope", "deploy", "--config", config],
      );
      assert.equal(added.code, EXIT.ok, added.stderr);
      const of = ["--owner", "deployer"];
      await cli(["pat", "create", "--name", "robot", "--scope", "deploy", ...of]);
      assert.equal((await cli(["pat", "rotate", "robot"])).code, EXIT.failure);
      const rotated = await cli(["pat", "rotate", "robot", "--overlap", "0", ...of]);
      assert.match(rotated.stdout, SECRET, rotated.stderr);
      assert.equal((await verify(rotated.stdout.trim())).status, 200);
      // By the whole secret, which is not sent.
      const revoked = await cli(["pat", "revoke", "--token-stdin", ...of], {
        stdin: rotated.stdout,
      });
      assert.equal(revoked.code, EXIT.ok, revoked.stderr);
      assert.equal((await verify(rotated.stdout.trim())).status, 401);
    });

    await t.step("reports a misspelled option, and a secret that cannot be printed", async () => {
      const misspelt = await cli(["pat", "create", "--nmae", "x"]);
      assert.equal(misspelt.code, EXIT.usage);
      assert.match(misspelt.stderr, /unknown option '--nmae'[^]*--name/);
      assert.match((await cli(["pat", "create"])).stderr, /required option '--name <name>'/);
      if (Deno.build.os !== "linux") return;
      const command = `exec '${binaryPath()}' pat create --name lost --scope deploy > /dev/full`;
      const lost = await run(["-c", command], { env: home.env }, "sh");
      assert.equal(lost.code, EXIT.failure);
      assert.match(lost.stderr, /could not be written: .*No space left.*was revoked/);
      assert.doesNotMatch((await cli(["pat", "list"])).stdout, /^lost/m);
    });

    await t.step("scan finds it where it leaked, and revokes it", async () => {
      const leaked = await create("leaky");
      const folder = join(home.folder, "project");
      await Deno.mkdir(folder);
      await Deno.writeTextFile(join(folder, ".env"), `A=1\nTOKEN=${leaked}\n`);
      const scan = await cli(["scan"], { cwd: folder });
      assert.equal(scan.code, EXIT.failure);
      assert.equal(
        scan.stdout,
        `.env:2:7: personal access token ${leaked.slice(0, 12)}…\n`,
      );
      const socket = join(home.folder, "socket");
      using _listener = Deno.listen({ transport: "unix", path: socket });
      const unread = await cli(["scan", socket]);
      assert.equal(unread.code, EXIT.failure);
      assert.match(unread.stderr, /^Error: not scanned: .*socket: /);
      assert.equal((await verify(leaked)).status, 200);
      const git = async (...args: string[]) => {
        const who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        const options = { cwd: folder, env: { HOME: home.folder } };
        const ended = await run([...who, ...args], options, "git");
        assert.equal(ended.code, 0, ended.stderr);
        return ended.stdout;
      };
      await Deno.writeTextFile(join(folder, ".gitattributes"), "*.env -diff\n.env -diff\n");
      await git("init", "--quiet");
      await git("add", ".");
      const staged = await cli(["scan", "--staged"], { cwd: folder });
      assert.deepEqual([staged.code, staged.stdout], [EXIT.failure, scan.stdout]);
      await git("commit", "--quiet", "--message", "one");
      const stdin = await git("log", "-p", "--text");
      const committed = await cli(["scan", "-"], { cwd: folder, stdin });
      const commit = (await git("rev-parse", "HEAD")).slice(0, 12);
      assert.equal(committed.stdout, `${commit}:${scan.stdout}`);
      if (Deno.build.os !== "windows") {
        const piped = await cli(["scan", "/dev/stdin"], { stdin: `x ${leaked}` });
        assert.match(piped.stdout, /^\/dev\/stdin:1:3: /);
      }
      const ended = await cli(["scan", "--revoke", folder]);
      assert.match(ended.stdout, /…, revoked\n$/);
      const { status, challenge } = await verify(leaked);
      assert.equal(status, 401);
      assert.match(challenge ?? "", /revoked/);
    });

    await t.step("revokes it", async () => {
      const other = await create("other");
      const { code, stderr } = await cli(["pat", "revoke", "other", "nobody"]);
      assert.equal(code, EXIT.failure);
      assert.match(stderr, /Revoked other [^]*no token nobody/);
      assert.equal((await verify(other)).status, 401);
      const refused = await cli(["token", "--exchange"], { env: job(other) });
      assert.equal(refused.code, EXIT.authenticationRequired);
      assert.match(refused.stderr, new RegExp(`${TOKEN}: .*revoked`));
    });
  });
}

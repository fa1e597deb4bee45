/**
 * The server rejects files and folders that other users of the machine may read or change, with
 * the command that fixes it; after that command it accepts them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, run } from "../support/binary.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const certificate = (file: string) =>
  fileURLToPath(new URL(`../support/certificate/${file}`, import.meta.url));

/** The command that a message suggests at its end. */
function suggested({ stderr }: Ended): string {
  const [, command] = /[Rr]un: (ch(?:mod|own) [^\n]*)$/m.exec(stderr) ?? [];
  assert.ok(command, stderr);
  return command;
}

Deno.test({
  name: "rejects files that others may read or change, with the command that fixes it",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using home = await temporaryHome();
    const parent = join(home.folder, "srv");
    const dataDir = join(parent, "data");
    const config = join(home.folder, "server.toml");
    const key = join(home.folder, "key.pem");
    await Deno.mkdir(parent);
    await Deno.copyFile(certificate("key.pem"), key);
    await Deno.chmod(key, 0o640);
    const secret = `secret_key = "${"k".repeat(32)}"\n`;
    await Deno.writeTextFile(config, secret, { mode: 0o640 });
    const place = ["--data-dir", dataDir, "--config", config];
    const tls = ["--tls-cert", certificate("cert.pem"), "--tls-key", key];
    {
      await using _created = await startServer({ dataDir, args: ["--config", config] });
    }
    const check = () => run(["serve", "--check", ...place, ...tls], { env: home.env });
    const accepted = await check();
    assert.equal(accepted.code, EXIT.ok, accepted.stdout + accepted.stderr);

    const refuses = (name: string, widen: () => Promise<void>) =>
      t.step(name, async () => {
        await widen();
        const commands = [
          ["serve", "--listen", "127.0.0.1:0", ...place, ...tls],
          ["serve", "--check", ...place, ...tls],
        ];
        if (!name.startsWith("tls_key")) commands.push(["admin", "user", "list", ...place]);
        for (const args of commands) {
          const ended = await run(args, { env: home.env });
          assert.equal(ended.code, EXIT.usage, `${args.join(" ")}: ${ended.stderr}`);
          assert.doesNotMatch(ended.stdout, /configuration is valid/);
        }
        const { success } = await new Deno.Command("sh", { args: ["-c", suggested(await check())] })
          .output();
        assert.ok(success);
        const fixed = await check();
        assert.equal(fixed.code, EXIT.ok, fixed.stderr);
      });
    const modes = (name: string, path: string, ...list: number[]) =>
      Promise.all(list.map((mode) => [`${name} ${mode.toString(8)}`, path, mode] as const));

    for (
      const [name, path, mode] of [
        ...await modes("data folder", dataDir, 0o777, 0o770, 0o755, 0o701),
        ...await modes("database", join(dataDir, "database"), 0o777, 0o750),
        ...await modes("folder above the data", parent, 0o777, 0o757),
        ...await modes("config file", config, 0o666, 0o644, 0o660, 0o604),
        ...await modes("tls_key", key, 0o666, 0o644, 0o660),
      ]
    ) await refuses(`${name}`, () => Deno.chmod(path, mode));

    const foreign = Deno.uid() === 0 ? [dataDir, config, key] : [];
    for (const path of foreign) {
      const name = path === key ? "tls_key" : path;
      await refuses(`${name} of another user`, () => Deno.chown(path, 12_345, 12_345));
    }

    await t.step(
      "a config file without secrets may be read by everyone, and changed by no one else",
      async () => {
        await Deno.writeTextFile(config, 'access_token_lifetime = "5m"\n');
        const bare = () => run(["serve", "--check", "--config", config], { env: home.env });
        await Deno.chmod(config, 0o644);
        assert.equal((await bare()).code, EXIT.ok);
        await Deno.chmod(config, 0o664);
        assert.equal((await bare()).code, EXIT.usage);
      },
    );
    await t.step("the client's key for PostgreSQL is a secret", async () => {
      const url = `postgres://u@127.0.0.1:1/d?sslcert=${certificate("cert.pem")}&sslkey=${key}`;
      const check = () => run(["serve", "--check"], { env: { ...home.env, DATABASE_URL: url } });
      await Deno.chmod(key, 0o600);
      assert.equal((await check()).code, EXIT.failure);
      await Deno.chmod(key, 0o644);
      const ended = await check();
      assert.equal(ended.code, EXIT.usage);
      assert.match(suggested(ended), /^chmod .*key\.pem$/);
    });
    await t.step("a password in an address is a secret", async () => {
      for (
        const line of [
          'webhook_secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="\n',
          'smtp_url = "smtp://u:p@127.0.0.1:25"\nmail_from = "a@example.com"\n',
          'database_url = "postgres://u:p@127.0.0.1:1/d"\n',
        ]
      ) {
        await Deno.writeTextFile(config, line);
        await Deno.chmod(config, 0o644);
        const ended = await run(["serve", "--check", "--config", config], { env: home.env });
        assert.equal(ended.code, EXIT.usage, line);
        assert.match(suggested(ended), /^chmod /);
      }
    });
  },
});

/** PostgreSQL restored by its own tools, with what comes back and what ends it: as docs/backup.md says. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { openDatabase } from "../../server/store/db/connect.ts";
import { type Ended, run } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { parseOutput } from "../support/output_schema.ts";
import { seedBelongings } from "../support/seed_belongings.ts";

/** PostgreSQL does not run as root. */
const NOBODY = Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : {};
const ALICE = "alice@example.com";
const IDS = ["1", "2", "3"].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);

/** The programs of the distribution: those from npm have no pg_dump. */
function programs(): string | undefined {
  try {
    const [version] = [...Deno.readDirSync("/usr/lib/postgresql")].map(({ name }) => name).sort()
      .reverse();
    const folder = `/usr/lib/postgresql/${version}/bin`;
    Deno.statSync(`${folder}/pg_basebackup`);
    return folder;
  } catch {
    return undefined;
  }
}

const BIN = programs();

async function postgres(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(join(BIN!, program), {
    ...{ args, ...NOBODY, cwd: "/tmp", env: { LC_ALL: "C", TZ: "UTC" } },
    ...{ stdout: "piped", stderr: "piped", stdin: "null" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${program}: ${out}${err}`);
  return out;
}

async function startCluster(
  data: string,
  options: string,
): Promise<AsyncDisposable & { url: string }> {
  const port = freePort();
  const settings =
    `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= ${options}`;
  const log = `${data}.log`;
  // Without pipes, which the server would keep open.
  const { success } = await new Deno.Command(join(BIN!, "pg_ctl"), {
    args: ["start", "-D", data, "--wait", "--timeout=120", `--log=${log}`, "-o", settings],
    ...{ ...NOBODY, cwd: "/tmp", stdin: "null", stdout: "null", stderr: "null" },
  }).output();
  assert.ok(success, await Deno.readTextFile(log).catch(() => "pg_ctl failed"));
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    [Symbol.asyncDispose]: async () =>
      void await postgres("pg_ctl", "stop", "-D", data, "--mode=immediate"),
  };
}

function operate(url: string, ...args: string[]): Promise<Ended> {
  return run(["admin", ...args], {
    env: { [`${brand.envPrefix}_DATABASE_URL`]: url },
    stdin: "correct horse battery staple\n",
  });
}

async function succeeds(url: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await operate(url, ...args);
  assert.equal(code, EXIT.ok, stderr);
  return stdout;
}

async function query<T>(url: string, text: string): Promise<T> {
  const { sql, close } = await openDatabase({ databaseUrl: url, dataDir: "" });
  try {
    const [row] = await sql.unsafe(text);
    return row as T;
  } finally {
    await close();
  }
}

async function isDisabled(url: string): Promise<boolean> {
  const { disabled } = await query<{ disabled: boolean }>(
    url,
    `select disabled_at is not null as disabled from users where email = '${ALICE}'`,
  );
  return disabled;
}

Deno.test({
  name: "a revocation is repeated after pg_restore and after point-in-time recovery",
  ignore: BIN === undefined,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "recovery-" });
    try {
      if (NOBODY.uid !== undefined) await Deno.chown(folder, NOBODY.uid, NOBODY.gid!);
      const [data, base, archive] = ["data", "base", "archive"].map((name) => join(folder, name));
      const dump = join(folder, "auth.dump");
      await postgres("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync");
      await Deno.mkdir(archive);
      if (NOBODY.uid !== undefined) await Deno.chown(archive, NOBODY.uid, NOBODY.gid!);
      await using cluster = await startCluster(
        data,
        `-c fsync=off -c archive_mode=on -c "archive_command=cp %p ${archive}/%f"`,
      );
      const { url } = cluster;
      await succeeds(url, "user", "add", ALICE, "--password-stdin");
      const { id } = await query<{ id: string }>(url, "select id from users");
      {
        const { sql, close } = await openDatabase({ databaseUrl: url, dataDir: "" });
        const [session, login, token] = IDS;
        await seedBelongings(sql, { userId: id, now: new Date(), session, login, token });
        await close();
      }
      await postgres("pg_dump", "--format=custom", `--file=${dump}`, url);
      await postgres("pg_basebackup", "-D", base, "-d", url, "--checkpoint=fast");
      const { now } = await query<{ now: Date }>(url, "select clock_timestamp() as now");
      const time = now.toISOString();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await succeeds(url, "user", "disable", ALICE);
      const log = join(folder, "audit.jsonl");
      await Deno.writeTextFile(log, await succeeds(url, "audit", "--since", time, "--json"));
      const { file } = await query<{ file: string }>(
        url,
        "select pg_walfile_name(pg_switch_wal()) as file",
      );
      await eventually(
        "the archive",
        () => Deno.stat(join(archive, file)).then(() => true, () => false),
      );

      const check = async (restored: string) => {
        assert.equal(await isDisabled(restored), false);
        const args = ["revoke-since", time, "--audit", log];
        const planned = parseOutput(
          "admin-revoke-since",
          await succeeds(restored, ...args, "--json"),
        );
        assert.equal(planned.applied, false);
        assert.equal(await isDisabled(restored), false);
        await succeeds(restored, ...args, "--apply");
        assert.equal(await isDisabled(restored), true);
        const { login } = await query<{ login: string }>(
          restored,
          "select revoked_reason as login from refresh_token_families",
        );
        assert.equal(login, "disabled");
      };

      await query(url, "create database restored");
      const copy = url.replace(/postgres$/, "restored");
      await postgres("pg_restore", "--no-owner", `--dbname=${copy}`, dump);
      await check(copy);

      const recovery = [
        `restore_command = 'cp ${archive}/%f %p'`,
        // PostgreSQL does not accept T and Z here.
        `recovery_target_time = '${time.replace("T", " ").replace("Z", "+00")}'`,
        "recovery_target_action = 'promote'",
        "archive_mode = off",
      ];
      const configuration = join(base, "postgresql.auto.conf");
      await Deno.writeTextFile(configuration, `\n${recovery.join("\n")}\n`, { append: true });
      await Deno.writeTextFile(join(base, "recovery.signal"), "");
      if (NOBODY.uid !== undefined) {
        await Deno.chown(join(base, "recovery.signal"), NOBODY.uid, NOBODY.gid!);
      }
      await using recovered = await startCluster(base, "-c fsync=off");
      await eventually("the recovery", async () => {
        const { done } = await query<{ done: boolean }>(
          `${recovered.url}?target_session_attrs=any`,
          "select not pg_is_in_recovery() as done",
        );
        return done;
      });
      await check(recovered.url);
    } finally {
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  },
});

/** The previous version and this one serve from one database at the same time. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { approver } from "../support/approver.ts";
import { run } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE } from "../support/installation.ts";
import { createDatabase } from "../support/postgres.ts";
import { hasPreviousVersion, previousProgram } from "../support/previous_version.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const LOGINS = 4;

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any
  body: any;
}

async function request(origin: string, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(origin + path, init);
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

const post = (origin: string, path: string, form: Record<string, string>) =>
  request(origin, path, {
    method: "POST",
    body: new URLSearchParams({ client_id: brand.cliClientId, ...form }),
  });

async function logIn(startsAt: string, issuer: string, ends: string): Promise<string> {
  const started = await post(startsAt, "/oauth/device/authorize", {
    scope: "openid offline_access",
  });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  await approver(issuer, ALICE).decide(started.body.user_code, "approve");
  const { device_code } = started.body;
  const tokens = await post(ends, "/oauth/token", { grant_type: DEVICE_CODE_GRANT, device_code });
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  return tokens.body.refresh_token;
}

Deno.test({
  name: "the previous version and this one serve from one database during an upgrade",
  // The script that runs the previous version is for a Unix shell.
  // The run counts it as skipped where the checkout has no history; CI's checkout has.
  ignore: Deno.build.os === "windows" || !hasPreviousVersion(),
  async fn() {
    await using cleanUp = new AsyncDisposableStack();
    const home = cleanUp.use(await temporaryHome());
    const { url: databaseUrl } = cleanUp.use(await createDatabase());
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    cleanUp.defer(() => sql.end());
    const program = await previousProgram(home.folder);
    const previous = cleanUp.use(
      await startServer({ dataDir: join(home.folder, "old"), databaseUrl, program }),
    );
    const { issuer } = previous;
    const place = ["--database-url", databaseUrl];
    const added = await run(
      ["admin", "user", "add", ALICE.email, "--admin", "--password-stdin", ...place],
      { env: home.env, stdin: `${ALICE.password}\n` },
      program,
    );
    assert.equal(added.code, EXIT.ok, added.stderr);

    // Load on the previous version, from before the migration to after it.
    const failures: string[] = [];
    let refreshes = 0;
    let origins = [issuer];
    let isOver = false;
    const renew = async (token: string) => {
      for (let count = 0; !isOver; count++) {
        const origin = origins[count % origins.length];
        const form = { grant_type: "refresh_token", refresh_token: token };
        const { status, body } = await post(origin, "/oauth/token", form);
        if (status !== 200) return void failures.push(`${status} ${JSON.stringify(body)}`);
        const authorization = `Bearer ${body.access_token}`;
        for (const at of origins) {
          const verified = await request(at, "/auth/verify", { headers: { authorization } });
          if (verified.status !== 200) failures.push(`verify ${verified.status}`);
          const userinfo = await request(at, "/oauth/userinfo", { headers: { authorization } });
          if (userinfo.status !== 200) failures.push(`userinfo ${userinfo.status}`);
        }
        token = body.refresh_token;
        refreshes++;
      }
    };
    const tokens = [];
    for (let count = 0; count < LOGINS; count++) {
      tokens.push(await logIn(issuer, issuer, issuer));
    }
    const clients = tokens.map(renew);
    const more = async (what: string) => {
      const before = refreshes;
      await eventually(what, () => refreshes >= before + 20 || failures.length > 0);
      assert.deepEqual(failures, []);
    };
    await more("renewals before the upgrade");

    const plan = await run(["migrate", "--plan", "--json", ...place], { env: home.env });
    assert.equal(plan.code, EXIT.ok, plan.stderr);
    const { canServeMeanwhile, migrations } = JSON.parse(plan.stdout);
    assert.equal(canServeMeanwhile, true, plan.stdout);
    assert.notEqual(migrations.length, 0);

    const current = cleanUp.use(
      await startServer({
        dataDir: join(home.folder, "new"),
        databaseUrl,
        args: ["--issuer", issuer],
      }),
    );
    const newOrigin = `http://127.0.0.1:${current.port}`;
    assert.match(current.running.stdout(), /Migrated/);
    await more("renewals at the previous version after the migration");
    origins = [issuer, newOrigin];
    await more("renewals at both");

    // Logins that begin at one and end at the other.
    await logIn(issuer, issuer, newOrigin);
    const revoked = await logIn(newOrigin, issuer, issuer);
    for (const [at, other] of [[newOrigin, issuer], [issuer, newOrigin]]) {
      const token = at === newOrigin ? revoked : await logIn(at, issuer, other);
      const { body } = await post(other, "/oauth/token", {
        ...{ grant_type: "refresh_token", refresh_token: token },
      });
      const headers = { authorization: `Bearer ${body.access_token}` };
      assert.equal((await request(other, "/auth/verify", { headers })).status, 200);
      const revocation = { token: body.refresh_token, token_type_hint: "refresh_token" };
      assert.equal((await post(at, "/oauth/revoke", revocation)).status, 200);
      await eventually(
        "the revocation is seen by the other version",
        async () => (await request(other, "/auth/verify", { headers })).status === 401,
        5_000,
      );
    }
    // Operators' commands of both versions.
    for (const version of [program, undefined]) {
      const listed = await run(["admin", "user", "list", ...place], { env: home.env }, version);
      assert.equal(listed.code, EXIT.ok, listed.stderr);
      assert.match(listed.stdout, new RegExp(ALICE.email));
    }
    // A previous replica that is started again, for instance by its supervisor.
    const restarted = cleanUp.use(
      await startServer({
        ...{ dataDir: join(home.folder, "old2"), databaseUrl, program },
        args: ["--issuer", issuer],
      }),
    );
    origins = [`http://127.0.0.1:${restarted.port}`, newOrigin];
    await more("renewals at a previous version that started after the migration");
    isOver = true;
    await Promise.all(clients);
    assert.deepEqual(failures, []);
    // The audit log of this version has what the previous one recorded, too.
    const [{ revocations }] = await sql`
      select count(*)::int as revocations from audit_log where event = 'login.revoked'`;
    assert.equal(revocations, 2);
  },
});

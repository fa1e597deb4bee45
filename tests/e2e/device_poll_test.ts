/**
 * golang.org/x/oauth2, unmodified and without settings, polls for tokens: twice at every
 * tick, by HTTP Basic and in the body. Invariants: it is never slowed down for that, and
 * it continues after a database outage.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateRefreshToken } from "../../server/tokens/refresh_token.ts";
import { brand } from "../../shared/brand.ts";
import { start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";

const source = fileURLToPath(new URL("../support/go_oauth2", import.meta.url));

function hasGo(): boolean {
  try {
    return new Deno.Command("go", { args: ["version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

interface Line {
  user_code?: string;
  status?: number;
  error?: string;
  basic?: boolean;
  token_type?: string;
  failed?: string;
}

Deno.test({
  name:
    "does not slow down a client that polls twice per tick, and continues after a database outage",
  ignore: !hasGo(),
  async fn() {
    await using cleanUp = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir();
    cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
    const program = join(folder, "login");
    const built = await new Deno.Command("go", {
      args: ["build", "-o", program, "."],
      cwd: source,
    }).output();
    assert.ok(built.success, new TextDecoder().decode(built.stderr));

    let wire: TcpProxy | undefined;
    const server = cleanUp.use(
      await install({
        database: POSTGRES,
        databaseVia(databaseUrl) {
          const url = new URL(databaseUrl);
          wire ??= cleanUp.use(startTcpProxy(Number(url.port)));
          url.port = String(wire.port);
          return url.href;
        },
      }),
    );
    /** A login by the program: what it printed so far, and its answers of each tick. */
    const begin = () => {
      const running = cleanUp.use(
        start([server.issuer, brand.cliClientId], { stdin: "", timeoutMs: 120_000 }, program),
      );
      const lines = () =>
        running.stdout().split("\n").slice(0, -1).map((line) => JSON.parse(line) as Line);
      return {
        ended: running.ended,
        lines,
        answers: () => lines().filter(({ status }) => status !== undefined),
        userCode: () => eventually("the user code", () => lines()[0]?.user_code),
      };
    };

    const undisturbed = begin();
    await eventually("the first tick", () => undisturbed.answers().length >= 2);
    await server.alice.decide(await undisturbed.userCode(), "approve");
    const ended = await undisturbed.ended;
    assert.equal(ended.code, 0, ended.stdout);
    assert.deepEqual(
      undisturbed.answers().map(({ status, error, basic }) => [status, error, basic]),
      [
        [400, "authorization_pending", true],
        [400, "authorization_pending", false],
        [200, "", true],
      ],
    );

    const disturbed = begin();
    const userCode = await disturbed.userCode();
    wire!.mode = "refuse";
    wire!.cut();
    await eventually("a tick during the trouble", () => disturbed.answers().length >= 2, 30_000);
    assert.deepEqual(
      disturbed.answers().map(({ status, error }) => [status, error]),
      [[429, "slow_down"], [429, "slow_down"]],
    );
    const refresh = await fetch(`${server.issuer}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: brand.cliClientId,
        refresh_token: generateRefreshToken(),
      }),
    });
    assert.equal(refresh.status, 503);
    assert.equal((await refresh.json()).error, "temporarily_unavailable");
    wire!.mode = "pass";
    await eventually("the database is back", async () => {
      const response = await fetch(`${server.issuer}/readyz`);
      await response.body?.cancel();
      return response.ok;
    });
    await server.alice.decide(userCode, "approve");
    const survived = await disturbed.ended;
    assert.equal(survived.code, 0, survived.stdout);
    assert.equal(disturbed.lines().at(-1)!.token_type, "Bearer");
  },
});

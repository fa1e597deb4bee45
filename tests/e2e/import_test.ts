/**
 * Moving in, with the compiled program: users and tokens of another system are imported while the
 * server runs, and both work at once. docs/performance.md has how long ten thousand of each take.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { requestPath } from "../support/authorization.ts";

/** Of "correct horse", by crypt(3). */
const BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.WrAwgFxicHZ3kL7zMvXYXHKosDn8ot2";
const COUNT = 1000;

const tokenOf = (index: number) => `acme_${index.toString().padStart(40, "0")}`;

for (const database of ["embedded", POSTGRES] as const) {
  Deno.test({
    name: `moves users and tokens in while the server runs (${database})`,
    async fn() {
      await using server = await install({ database });
      const folder = await Deno.makeTempDir();
      const write = async (name: string, lines: unknown[]) => {
        const path = join(folder, name);
        await Deno.writeTextFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
        return path;
      };
      const users = await write(
        "users.jsonl",
        Array.from({ length: COUNT }, (_, index) => ({
          id: `auth0|${index}`,
          email: `user${index}@example.com`,
          password_hash: BCRYPT,
          groups: ["staff"],
        })),
      );
      const tokens = await write(
        "tokens.jsonl",
        Array.from({ length: COUNT }, (_, index) => ({
          owner: `auth0|${index}`,
          token_hash: createHash("sha256").update(tokenOf(index)).digest("hex"),
          name: "CI",
        })),
      );
      const operate = async (...args: string[]) => {
        const { code, stdout, stderr } = await server.operate(["admin", ...args]);
        assert.equal(code, 0, stderr + stdout);
        return stdout;
      };
      const result = (imported: number, unchanged: number) => ({
        dryRun: false,
        imported,
        unchanged,
        rejected: 0,
        problems: [],
      });
      for (const [imported, unchanged] of [[COUNT, 0], [0, COUNT]]) {
        const output = await operate("import", "users", users, "--json");
        assert.deepEqual(JSON.parse(output), result(imported, unchanged));
      }
      const pattern = "acme_[0-9]{40}";
      await operate("token-format", "add", "acme", "--pattern", pattern, "--hash", "sha256");
      for (const [imported, unchanged] of [[COUNT, 0], [0, COUNT]]) {
        const output = await operate(
          "import",
          "tokens",
          tokens,
          "--token-format",
          "acme",
          "--json",
        );
        assert.deepEqual(JSON.parse(output), result(imported, unchanged));
      }

      const user = { email: "user7@example.com", password: "correct horse" };
      for (let time = 0; time < 2; time++) {
        // Signs in: the first time by the hash of the other system.
        const left = await server.approver(user).authorize(`${server.issuer}${requestPath({})}`);
        assert.ok(left.searchParams.has("code"), left.href);
      }
      const subject = await eventually("the token is accepted", async () => {
        const response = await fetch(`${server.issuer}/auth/verify`, {
          headers: { authorization: `Bearer ${tokenOf(7)}` },
        });
        await response.body?.cancel();
        return response.headers.get("x-auth-user") ?? undefined;
      });
      assert.equal(subject, "auth0|7");
    },
  });
}

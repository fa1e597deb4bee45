/** Several items of a real Secret Service match one of our entries: each store uses only its own. */
import assert from "node:assert/strict";
import { brand } from "../../../shared/brand.ts";
import { type SecretService, secretService } from "../../support/secret_service.ts";
import { storeInProcesses } from "./store_child.ts";

const key = { server: "https://auth.example.com", account: "alice@example.com" };
const NAMES = ["access_token", "refresh_token"].map((kind) =>
  `${kind} ${key.server} ${key.account}`
);

function credentials(name: string, size = 10) {
  return {
    accessToken: `${name}.${"a".repeat(size)}`,
    accessTokenExpiresAt: 1_795_000_000_000,
    scope: "openid",
    refreshToken: `bstr_${name}`,
  };
}

async function secretTool(
  { env }: SecretService,
  args: string[],
  secret = "",
): Promise<string> {
  const child = new Deno.Command("secret-tool", {
    args,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(secret));
  await input.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

/** Secrets with the attributes of `name`, whatever else they have. */
async function secretsOf(session: SecretService, name: string, ...more: string[]) {
  const args = ["search", "--all", "service", brand.keychainService, "username", name, ...more];
  const output = await secretTool(session, args);
  return [...output.matchAll(/^secret = (.*)$/gm)].map(([, secret]) => secret);
}

function linuxTest(name: string, fn: (session: SecretService) => Promise<void>): void {
  Deno.test({
    name,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using session = await secretService();
      await fn(session);
    },
  });
}

linuxTest(
  "another program's item that has our attributes and more is not ours",
  async (session) => {
    const store = storeInProcesses("keychain", session.env);
    await store.set(key, credentials("first"));
    for (const name of NAMES) {
      const own = ["service", brand.keychainService, "username", name, "purpose", "another"];
      await secretTool(session, ["store", "--label=another", ...own], "theirs");
      assert.equal((await secretsOf(session, name)).length, 2);
    }
    assert.deepEqual(await store.get(key), credentials("first"));
    for (const next of [credentials("second"), credentials("large", 9000), credentials("third")]) {
      await store.set(key, next);
      assert.deepEqual(await store.get(key), next);
    }
    await store.delete(key);
    assert.equal(await store.get(key), undefined);
    for (const name of NAMES) {
      assert.deepEqual(await secretsOf(session, name), ["theirs"]);
      assert.deepEqual(await secretsOf(session, name, "purpose", "another"), ["theirs"]);
    }
  },
);

linuxTest(
  "ignores a copy in another collection, and deletes it with the login",
  async (session) => {
    const store = storeInProcesses("keychain", session.env);
    const copy = async (secret: string) => {
      for (const name of NAMES) {
        const own = ["service", brand.keychainService, "username", name];
        await secretTool(
          session,
          ["store", "--collection=session", "--label=copy", ...own],
          secret,
        );
        assert.equal((await secretsOf(session, name)).length, 2);
      }
    };
    await store.set(key, credentials("first"));
    await copy("{}");
    await store.set(key, credentials("second"));
    assert.deepEqual(await store.get(key), credentials("second"));
    // A write leaves one: the copy held a refresh token that is spent by now.
    for (const name of NAMES) assert.equal((await secretsOf(session, name)).length, 1);
    await copy("{}");
    await store.delete(key);
    for (const name of NAMES) assert.deepEqual(await secretsOf(session, name), []);
  },
);

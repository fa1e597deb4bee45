/** A person's account on a machine of their own, where they use the compiled program. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { configFolder } from "../../client/credentials/config_dir.ts";
import { type Ended, run, type RunOptions, start } from "./binary.ts";
import type { Installation } from "./installation.ts";
import { assertNoSecrets } from "./assert_no_secrets.ts";
import type { Approver } from "./approver.ts";
import { type TemporaryHome, temporaryHome } from "./temporary_home.ts";

export interface Terminal extends AsyncDisposable {
  home: TemporaryHome;
  /** Holds the list of logins, locks, and the credentials without a keychain. */
  folder: string;
  /** Runs a command; nothing secret may show on standard error, whatever it is. */
  run(args: string[], options?: RunOptions): Promise<Ended>;
  /** Runs `login`, and lets `who` decide about it. */
  login(
    installation: Pick<Installation, "issuer">,
    who: Approver,
    options?: { args?: string[]; env?: Record<string, string>; decision?: "approve" | "deny" },
  ): Promise<Ended>;
  /** The files that hold credentials. */
  credentialFiles(): Promise<string[]>;
  /** Expires the access tokens, by this machine's clock. */
  expireAccessTokens(): Promise<void>;
  /** As if so much time had passed that the access tokens expire in `seconds`. */
  ageAccessTokens(seconds: number): Promise<void>;
}

/** `env` comes on top of a bare environment: no keychain, no browser. */
export async function terminal(env: Record<string, string> = {}): Promise<Terminal> {
  const home = await temporaryHome();
  const ownEnv = { ...home.env, ...env };
  const place = {
    os: Deno.build.os,
    arch: "",
    release: "",
    homeFolder: home.folder,
    programPath: "",
  };
  const folder = configFolder({ env: ownEnv, platform: place });
  const self: Terminal = {
    home: { ...home, env: ownEnv },
    folder,
    async run(args, options) {
      const ended = await run(args, { ...options, env: { ...ownEnv, ...options?.env } });
      assertNoSecrets(args.join(" "), ended.stderr);
      return ended;
    },
    async login({ issuer }, who, { args = [], env = {}, decision = "approve" } = {}) {
      await using running = start(["login", "--server", issuer, "--no-browser", ...args], {
        env: { ...ownEnv, ...env },
        stdin: "",
        timeoutMs: 60_000,
      });
      const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
      await who.decide(code, decision);
      const ended = await running.ended;
      assertNoSecrets("login", ended.stdout + ended.stderr);
      return ended;
    },
    async credentialFiles() {
      const credentials = join(folder, "credentials");
      try {
        return (await Array.fromAsync(Deno.readDir(credentials)))
          .map(({ name }) => join(credentials, name)).filter((path) => path.endsWith(".json"));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    },
    expireAccessTokens: () => self.ageAccessTokens(-1),
    async ageAccessTokens(seconds) {
      const files = await self.credentialFiles();
      assert.notEqual(files.length, 0, "no credentials in files");
      for (const file of files) {
        const credentials = JSON.parse(await Deno.readTextFile(file));
        assert.ok(credentials.accessTokenExpiresAt > Date.now());
        credentials.accessTokenExpiresAt = Date.now() + seconds * 1000;
        await Deno.writeTextFile(file, JSON.stringify(credentials));
      }
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
  return self;
}

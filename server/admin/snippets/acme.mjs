// npm install openid-client@6 proper-lockfile@4
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as oauth from "openid-client";
import { lock } from "proper-lockfile";

const folder = join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "acme-cli");
const file = join(folder, "tokens.json");

const discover = () =>
  oauth.discovery(new URL("https://auth.example.com"), "acme-cli", undefined, oauth.None());

async function login() {
  const config = await discover();
  const started = await oauth.initiateDeviceAuthorization(config, {
    scope: "openid offline_access",
  });
  console.error(
    `Open ${started.verification_uri_complete} and approve the code ${started.user_code}`,
  );
  const tokens = await oauth.pollDeviceAuthorizationGrant(config, started);
  await withLock(() => save(tokens));
}

async function token() {
  // One process refreshes at a time; the others wait and use what it stored.
  await withLock(async () => {
    const text = await readFile(file, "utf8").catch(() =>
      fail("Not logged in. Run: acme login", 4)
    );
    let stored = JSON.parse(text);
    if (stored.expires_at <= Date.now() / 1000 + 10) {
      const tokens = await oauth.refreshTokenGrant(await discover(), stored.refresh_token)
        .catch((error) =>
          error.error === "invalid_grant"
            ? fail("The login is over. Run: acme login", 4)
            : fail(error.error_description ?? error.message)
        );
      stored = await save(tokens);
    }
    console.log(stored.access_token);
  });
}

async function withLock(critical) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await lock(folder, {
    stale: 10_000,
    retries: { retries: 300, minTimeout: 20, maxTimeout: 200 },
  });
  try {
    await critical();
  } finally {
    await unlock();
  }
}

/** Replaces the file in one step: a process that is killed leaves the old one. */
async function save(tokens) {
  const stored = { ...tokens, expires_at: Date.now() / 1000 + tokens.expires_in };
  await writeFile(`${file}.new`, JSON.stringify(stored), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return stored;
}

function fail(message, code = 1) {
  console.error(`Error: ${message}`);
  process.exit(code);
}

const command = { login, token }[process.argv[2]] ?? (() => fail("Usage: acme login|token", 2));
await command().catch((error) => fail(error.error_description ?? error.message));

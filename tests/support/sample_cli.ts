// deno-lint-ignore-file no-console -- a program of its own, which prints
/**
 * Command lines that log in to a server and print a token, as a company writes its own: a good one,
 * and ones with the mistakes that `check-cli` must find. `deno run sample_cli.ts KIND login|token`
 */
import { join } from "node:path";

const [kind, command] = Deno.args;
const server = Deno.env.get("CHECK_CLI_SERVER")!;
const client = Deno.env.get("CHECK_CLI_CLIENT_ID")!;
const folder = join(Deno.env.get("HOME")!, ".sample");
const file = join(folder, "credentials.json");

interface Credentials {
  access_token: string;
  refresh_token: string;
  expiresAt: number;
}

async function post(path: string, form: Record<string, string>) {
  const body = new URLSearchParams({ client_id: client, ...form });
  const response = await fetch(server + path, { method: "POST", body });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { access_token, refresh_token, expires_in, device_code } = await response.json();
  return { access_token, refresh_token, device_code, expiresAt: Date.now() + expires_in * 1000 };
}

async function save(credentials: Credentials) {
  const text = JSON.stringify(credentials);
  if (kind === "truncates") {
    // The file is empty until the new text is in it.
    using open = await Deno.open(file, { write: true, create: true, truncate: true, mode: 0o600 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await open.write(new TextEncoder().encode(text));
    return;
  }
  const next = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(next, text, { mode: kind === "writes_0644" ? 0o644 : 0o600 });
  await Deno.rename(next, file);
}

async function load(): Promise<Credentials> {
  return JSON.parse(await Deno.readTextFile(file));
}

/** By its own clock, from `expires_in`; or, which is wrong, from the clock of the server. */
function isValid({ access_token, expiresAt }: Credentials): boolean {
  if (kind !== "trusts_exp") return expiresAt > Date.now() + 500;
  return JSON.parse(atob(access_token.split(".")[1])).exp * 1000 > Date.now();
}

async function refresh({ refresh_token }: Credentials): Promise<Credentials> {
  const form = { grant_type: "refresh_token", refresh_token };
  try {
    if (kind === "argument") {
      await new Deno.Command("sh", { args: ["-c", "sleep 0.5; :", "save", refresh_token] })
        .output();
    }
    const credentials = await post("/oauth/token", form);
    await save(credentials);
    return credentials;
  } catch (error) {
    if (kind === "prints") console.error("request failed:", form);
    // It waits for an answer that never comes.
    if (kind === "hangs") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
    throw error;
  }
}

async function token(): Promise<string> {
  const credentials = await load();
  if (isValid(credentials)) return credentials.access_token;
  if (kind === "no_lock") return (await refresh(credentials)).access_token;
  using lock = await Deno.open(`${file}.lock`, { write: true, create: true, mode: 0o600 });
  await lock.lock(true);
  const latest = await load();
  return isValid(latest) ? latest.access_token : (await refresh(latest)).access_token;
}

if (command === "login") {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const scope = "openid offline_access";
  const { device_code } = await post("/oauth/device/authorize", { scope });
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  await save(await post("/oauth/token", { grant_type, device_code }));
} else {
  try {
    console.log(await token());
  } catch (error) {
    console.error(`Error: ${error}`);
    Deno.exit(1);
  }
}

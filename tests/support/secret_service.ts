/**
 * A desktop session's keychain for one test: a D-Bus session bus and GNOME Keyring,
 * both our own, with the keyring's files in a temporary folder. And buses that fail.
 * Linux only.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { temporaryHome } from "./temporary_home.ts";

export interface SecretService extends AsyncDisposable {
  /** For the processes under test: DBUS_SESSION_BUS_ADDRESS and a home of their own. */
  env: Record<string, string>;
  folder: string;
  /** The secrets of our service as `secret-tool` sees them from outside, by user name. */
  secrets(): Promise<Record<string, string>>;
  /** Locks the keyring; a prompt for its password then blocks, as without a user. */
  lock(): Promise<void>;
  /** The keyring's process, to be stopped and continued. */
  keyringPid: number;
}

const PASSWORD = "a password";

/** Starts bus and keyring; the keyring is unlocked. */
export async function secretService(): Promise<SecretService> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const env = {
    ...home.env,
    ...await startBus(home.folder, cleanUp),
    XDG_RUNTIME_DIR: join(home.folder, "run"),
  };
  await Deno.mkdir(env.XDG_RUNTIME_DIR, { mode: 0o700 });
  const keyring = cleanUp.use(await startKeyring(env));
  const owned = cleanUp.move();
  return {
    env,
    folder: home.folder,
    secrets: () => searchSecrets(env),
    lock: () => lockKeyring(env),
    keyringPid: keyring.pid,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface BusMonitor extends AsyncDisposable {
  /** What went over the bus, as dbus-monitor writes it, once `pattern` is in it. */
  messages(pattern: RegExp): Promise<string>;
}

/** Listens to all messages of a bus, as another program of the same user can. */
export async function monitorBus(env: Record<string, string>): Promise<BusMonitor> {
  const monitor = start("dbus-monitor", ["--session"], env);
  let output = "";
  const messages = async (pattern: RegExp) => {
    while (!pattern.test(output)) {
      const { value, done } = await monitor.stdout.next();
      if (done) throw new Error(`dbus-monitor exited without ${pattern}`);
      output += value;
    }
    return output;
  };
  await messages(/NameAcquired|NameLost/);
  return { messages, [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose]() };
}

/** A session bus without a keychain on it. */
export async function emptyBus(): Promise<FailingBus> {
  await using cleanUp = new AsyncDisposableStack();
  const { folder } = cleanUp.use(await temporaryHome());
  const env = await startBus(folder, cleanUp);
  const owned = cleanUp.move();
  return { env, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface FailingBus extends AsyncDisposable {
  env: Record<string, string>;
}

/** A bus that accepts every connection and never says a word. */
export async function silentDbus(): Promise<FailingBus> {
  return await failingBus(["0"]);
}

/** A bus that passes the first connection on to `real`, and is silent to all others. */
export async function forgetfulDbus(real: Record<string, string>): Promise<FailingBus> {
  const path = /path=([^,;]+)/.exec(real.DBUS_SESSION_BUS_ADDRESS)?.[1] ?? "";
  return await failingBus(["1", path]);
}

async function failingBus(args: string[]): Promise<FailingBus> {
  await using cleanUp = new AsyncDisposableStack();
  const { folder } = cleanUp.use(await temporaryHome());
  const path = join(folder, "bus");
  const program = fileURLToPath(new URL("./failing_bus.ts", import.meta.url));
  const bus = cleanUp.use(
    start(Deno.execPath(), ["run", "--quiet", "--no-lock", "--allow-all", program, path, ...args], {
      DENO_NO_UPDATE_CHECK: "1",
    }),
  );
  if ((await bus.stdout.next()).done) throw new Error("the failing bus does not even start");
  const owned = cleanUp.move();
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A bus with no services to start but a prompter that never shows itself. */
async function startBus(
  folder: string,
  cleanUp: AsyncDisposableStack,
): Promise<{ DBUS_SESSION_BUS_ADDRESS: string }> {
  const services = join(folder, "services");
  await Deno.mkdir(services);
  await Deno.writeTextFile(
    join(services, "prompter.service"),
    // It ends when this folder does: the bus does not end what it has started.
    "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\n" +
      `Exec=/bin/sh -c "while [ -d ${services} ]; do sleep 0.1; done"\n`,
  );
  const config = join(folder, "bus.conf");
  await Deno.writeTextFile(
    config,
    `<busconfig>
  <type>session</type>
  <listen>unix:path=${join(folder, "bus")}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`,
  );
  const bus = cleanUp.use(
    start("dbus-daemon", ["--config-file", config, "--nofork", "--print-address"], {}),
  );
  const { value } = await bus.stdout.next();
  if (value === undefined) throw new Error("dbus-daemon exited without an address");
  return { DBUS_SESSION_BUS_ADDRESS: value.trim() };
}

async function startKeyring(env: Record<string, string>): Promise<Program> {
  // Given a password while it has no keyring, it makes one with that password.
  const keyring = start(
    "gnome-keyring-daemon",
    ["--foreground", "--components=secrets", "--unlock"],
    env,
    PASSWORD,
  );
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isOwned("org.freedesktop.secrets", env)) return keyring;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await keyring[Symbol.asyncDispose]();
  throw new Error("gnome-keyring-daemon did not appear on the bus in 5 s");
}

async function lockKeyring(env: Record<string, string>): Promise<void> {
  const { stdout, stderr } = await outputOf("dbus-send", [
    ...["--session", "--print-reply", "--dest=org.freedesktop.secrets"],
    ...["/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock"],
    "array:objpath:/org/freedesktop/secrets/collection/login",
  ], env);
  if (!stdout.includes("collection/login")) throw new Error(`not locked: ${stderr}`);
}

async function isOwned(name: string, env: Record<string, string>): Promise<boolean> {
  const answer = await outputOf("dbus-send", [
    ...["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus"],
    ...["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", `string:${name}`],
  ], env);
  return answer.stdout.includes("true");
}

async function searchSecrets(env: Record<string, string>): Promise<Record<string, string>> {
  const { stdout, stderr } = await outputOf(
    "secret-tool",
    ["search", "--all", "service", brand.keychainService],
    env,
  );
  // It writes secrets to one stream and attributes to the other, item by item in one order.
  const secrets = [...stdout.matchAll(/^secret = (.*)$/gm)].map(([, secret]) => secret);
  const users = [...`${stdout}\n${stderr}`.matchAll(/^attribute\.username = (.*)$/gm)]
    .map(([, user]) => user);
  return Object.fromEntries(users.map((user, index) => [user, secrets[index]]));
}

interface Program extends AsyncDisposable {
  pid: number;
  stdout: AsyncIterator<string>;
}

function start(
  program: string,
  args: string[],
  env: Record<string, string>,
  stdin = "",
): Program {
  const child = command(program, args, env, "piped").spawn();
  const input = child.stdin.getWriter();
  input.write(new TextEncoder().encode(stdin)).then(() => input.close()).catch(() => {});
  const stdout = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    stdout,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has exited already.
      }
      await child.status;
      await stdout.return?.();
    },
  };
}

async function outputOf(program: string, args: string[], env: Record<string, string>) {
  const { stdout, stderr } = await command(program, args, env, "null", "piped").output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

function command(
  program: string,
  args: string[],
  env: Record<string, string>,
  stdin: "null" | "piped",
  stderr: "null" | "piped" = "null",
): Deno.Command {
  return new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", ...env },
    stdin,
    stdout: "piped",
    stderr,
  });
}

/**
 * System packages for the tests and the benchmark that npm does not have: a browser, and on Linux a
 * keychain, reverse proxies, a mail server, strace to kill the program at a certain system call,
 * libfaketime, and the shells that completions are for. On Debian and its derivatives missing ones
 * are installed; elsewhere the run fails with what to install, so that nothing stays untested.
 */
import { browserPath } from "../tests/support/browser.ts";

/** A program, and the package that contains it. */
export interface Need {
  /** The Debian package. */
  name: string;
  present(): Promise<boolean>;
}

/** What `deno task test` needs. */
export const TEST_NEEDS: readonly Need[] = [
  { name: "chromium", present: () => Promise.resolve(hasBrowser()) },
  ...Deno.build.os === "linux"
    ? [
      { name: "nginx", present: () => onPath("nginx") },
      { name: "caddy", present: () => onPath("caddy") },
      { name: "haproxy", present: () => onPath("haproxy") },
      { name: "apache2-bin", present: () => onPath("apache2") },
      { name: "python3-pip", present: () => succeeds("python3", ["-m", "pip", "--version"]) },
      { name: "lua-socket", present: () => isThere("/usr/share/lua/5.3/socket") },
      { name: "gnome-keyring", present: () => onPath("gnome-keyring-daemon") },
      { name: "libsecret-tools", present: () => onPath("secret-tool") },
      { name: "dbus-daemon", present: () => onPath("dbus-run-session") },
      { name: "faketime", present: () => onPath("faketime") },
      { name: "curl", present: () => onPath("curl") },
      { name: "wget", present: () => onPath("wget") },
      { name: "mandoc", present: () => onPath("mandoc") },
      { name: "jq", present: () => onPath("jq") },
      { name: "zsh", present: () => onPath("zsh") },
      { name: "fish", present: () => onPath("fish") },
      { name: "postgresql-15", present: () => isThere("/usr/lib/postgresql/15/bin/pg_basebackup") },
      { name: "softhsm2", present: () => onPath("softhsm2-util") },
      { name: "opensc", present: () => onPath("pkcs11-tool") },
      { name: "pgbouncer", present: () => onPath("pgbouncer") },
      { name: "bubblewrap", present: () => onPath("bwrap") },
      { name: "shellcheck", present: () => onPath("shellcheck") },
      { name: "rpm", present: () => onPath("rpm") },
      { name: "binutils", present: () => onPath("objdump") },
      { name: "buildah", present: () => onPath("buildah") },
      { name: "busybox-static", present: () => isThere("/bin/busybox") },
      { name: "lintian", present: () => onPath("lintian") },
      { name: "systemd", present: () => onPath("systemd-analyze") },
      { name: "prometheus", present: () => onPath("promtool") },
      { name: "strace", present: () => onPath("strace") },
      { name: "age", present: () => onPath("age") },
      // pg_dump and pg_basebackup, which the packages of npm do not have.
      { name: "postgresql", present: () => isThere("/usr/lib/postgresql") },
      {
        name: "python3-aiosmtpd",
        present: () => isThere("/usr/lib/python3/dist-packages/aiosmtpd"),
      },
    ]
    : [],
];

/** What `deno task chaos patroni` needs. */
export const PATRONI_NEEDS: readonly Need[] = [
  { name: "postgresql-15", present: () => isThere("/usr/lib/postgresql/15/bin/pg_basebackup") },
  { name: "patroni", present: () => onPath("patroni") },
  { name: "etcd-server", present: () => onPath("etcd") },
];

/** What `deno task release:check --arm` needs. */
export const ARM_NEEDS: readonly Need[] = [
  { name: "qemu-user", present: () => onPath("qemu-aarch64") },
  { name: "libc6-arm64-cross", present: () => isThere("/usr/aarch64-linux-gnu/lib/libc.so.6") },
  {
    name: "libgcc-s1-arm64-cross",
    present: () => isThere("/usr/aarch64-linux-gnu/lib/libgcc_s.so.1"),
  },
];

/** What `deno task bench` needs. */
export const TOKEN_CHECK_NEEDS: readonly Need[] = [{ name: "wrk", present: () => onPath("wrk") }];

/** What `deno task bench startup` needs. */
export const STARTUP_NEEDS: readonly Need[] = [
  { name: "python3", present: () => onPath("python3") },
  ...TEST_NEEDS.filter(({ name }) => ["dbus-daemon", "gnome-keyring"].includes(name)),
];

/** Installs what is missing, or throws with what to install. `say` reports the progress. */
export async function provideSystemPackages(
  needs: readonly Need[],
  say: (line: string) => void,
): Promise<void> {
  const missing = await missingNeeds(needs);
  if (missing.length === 0) return;
  if (!await onPath("apt-get")) {
    throw new Error(`This needs ${missing.join(", ")}. Install that and run it again.`);
  }
  const root = Deno.uid() === 0;
  if (!root && !await succeeds("sudo", ["-n", "true"])) {
    throw new Error(
      `This needs ${missing.join(", ")}, and only root can install that. Run as root, then ` +
        `start again: apt-get install ${missing.join(" ")}`,
    );
  }
  say(`Installing ${missing.join(", ")} …`);
  const apt = async (...args: string[]) => {
    const command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", ...args];
    const [program, ...rest] = root ? command : ["sudo", "-n", ...command];
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: rest,
      stdin: "null",
    }).output();
    if (success) return;
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    throw new Error(`apt-get ${args[0]} failed:\n${said}`);
  };
  await apt("update");
  await apt("install", "--yes", "--no-install-recommends", ...missing);
  const still = await missingNeeds(needs);
  if (still.length > 0) throw new Error(`${still.join(", ")} installed, but not found.`);
}

async function missingNeeds(needs: readonly Need[]): Promise<string[]> {
  const checked = await Promise.all(
    needs.map(async ({ name, present }) => await present() ? [] : [name]),
  );
  return checked.flat();
}

function hasBrowser(): boolean {
  try {
    browserPath();
    return true;
  } catch {
    return false;
  }
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  if (!await onPath(program)) return false;
  const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "null" })
    .output();
  return success;
}

async function onPath(program: string): Promise<boolean> {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  // Debian installs servers outside of a user's PATH.
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(separator), "/usr/sbin"]) {
    if (await isThere(`${folder}/${program}`)) return true;
  }
  return false;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

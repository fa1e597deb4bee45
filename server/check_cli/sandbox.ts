import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { shellWord } from "../../shared/shell_word.ts";
import type { IssuedSecrets } from "./issued_secrets.ts";

/** Whatever is longer holds no credentials. */
const MAX_FILE_BYTES = 1024 * 1024;
/** A command that fills its folder must not make the search endless. */
const MAX_FILES = 2000;

/** The server as the command sees it, in placeholders and variables. */
export interface ServerFacts {
  server: string;
  clientId: string;
}

/** The folders of the command, and nothing of its user's. */
export interface Sandbox extends AsyncDisposable {
  folder: string;
  env: Record<string, string>;
  /** Addresses that the command opened in a browser since the last call. */
  openedAddresses(): Promise<string[]>;
  /** Forbids or allows the command to write. */
  setWritable(writable: boolean): Promise<void>;
}

/** Programs that command lines start to open a browser. */
const OPENERS = ["xdg-open", "x-www-browser", "www-browser", "sensible-browser", "wslview", "open"];

export async function createSandbox(
  parent: string,
  { server, clientId }: ServerFacts,
  { path, more }: { path: string | undefined; more: Record<string, string> },
): Promise<Sandbox> {
  const folder = await Deno.makeTempDir({ dir: parent, prefix: "home-" });
  const home = join(folder, "home");
  const bin = join(folder, "bin");
  const addresses = join(folder, "addresses");
  const xdg = {
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local", "share"),
    XDG_STATE_HOME: join(home, ".local", "state"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_RUNTIME_DIR: join(home, ".run"),
    TMPDIR: join(home, ".tmp"),
  };
  for (const path of [home, bin, ...Object.values(xdg)]) {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  }
  const isWindows = Deno.build.os === "windows";
  const opener = join(bin, OPENERS[0]);
  if (!isWindows) {
    const file = shellWord(addresses);
    const script = `#!/bin/sh\nfor address; do printf '%s\\n' "$address" >> ${file}; done\n`;
    for (const name of OPENERS) {
      await Deno.writeTextFile(join(bin, name), script, { mode: 0o700 });
    }
  }
  const env = {
    ...isWindows ? windowsVariables(home) : {},
    PATH: isWindows ? path ?? "" : `${bin}:${path ?? "/usr/bin:/bin"}`,
    HOME: home,
    ...xdg,
    LANG: "C.UTF-8",
    TERM: "dumb",
    ...isWindows ? {} : { BROWSER: opener },
    // Whatever looks for a keychain finds none: there is no bus at this address.
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(xdg.XDG_RUNTIME_DIR, "none")}`,
    [`${brand.envPrefix}_SERVER`]: server,
    CHECK_CLI_SERVER: server,
    CHECK_CLI_CLIENT_ID: clientId,
    ...more,
  };
  let read = 0;
  /** What was taken by `setWritable`, from the deepest folder up. */
  const modes = new Map<string, number>();
  const sandbox: Sandbox = {
    folder: home,
    env,
    async openedAddresses() {
      const lines = (await Deno.readTextFile(addresses).catch(() => "")).split("\n").slice(0, -1);
      const opened = lines.slice(read);
      read = lines.length;
      return opened;
    },
    async setWritable(writable) {
      if (writable) {
        for (const [path, mode] of modes) await Deno.chmod(path, mode).catch(() => {});
        return modes.clear();
      }
      for (const { path } of [...entries(home).reverse(), { path: home }]) {
        try {
          const { mode } = Deno.lstatSync(path);
          if (mode === null) continue;
          modes.set(path, mode & 0o7777);
          await Deno.chmod(path, mode & 0o7555);
        } catch {
          // It was removed meanwhile.
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await sandbox.setWritable(true);
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
  return sandbox;
}

/** What programs on Windows cannot start without, and their folders. */
function windowsVariables(home: string): Record<string, string> {
  const needed = ["SystemRoot", "windir", "PATHEXT", "ComSpec"];
  const inherited = needed.map((name) => [name, Deno.env.get(name) ?? ""]);
  return {
    ...Object.fromEntries(inherited),
    USERPROFILE: home,
    APPDATA: join(home, "AppData", "Roaming"),
    LOCALAPPDATA: join(home, "AppData", "Local"),
    TEMP: join(home, ".tmp"),
    TMP: join(home, ".tmp"),
  };
}

/** Files and folders below `folder`, links not followed. Some may vanish meanwhile. */
function entries(folder: string): { path: string; isDirectory: boolean }[] {
  const files: { path: string; isDirectory: boolean }[] = [];
  const visit = (folder: string) => {
    let names: Deno.DirEntry[] = [];
    try {
      names = [...Deno.readDirSync(folder)];
    } catch {
      // It was removed, or it is not readable.
    }
    for (const { name, isDirectory, isSymlink } of names) {
      if (isSymlink || files.length >= MAX_FILES) continue;
      const path = join(folder, name);
      files.push({ path, isDirectory });
      if (isDirectory) visit(path);
    }
  };
  visit(folder);
  return files;
}

/** A file with a secret that other users of the machine may read. */
export interface ReadableFile {
  /** From the home folder of the command. */
  path: string;
  /** Such as `0644`. */
  mode: string;
}

/** Synchronous, so that a file that is private a moment later is seen too. */
export function readableSecrets(folder: string, secrets: IssuedSecrets): ReadableFile[] {
  if (Deno.build.os === "windows") return [];
  return entries(folder).filter(({ isDirectory }) => !isDirectory).flatMap(({ path }) => {
    try {
      const { mode, size, isFile } = Deno.lstatSync(path);
      if (!isFile || ((mode ?? 0) & 0o077) === 0 || size === 0 || size > MAX_FILE_BYTES) return [];
      const text = new TextDecoder().decode(Deno.readFileSync(path));
      if (secrets.kindsIn(text).length === 0) return [];
      return [{
        path: path.slice(folder.length + 1),
        mode: `0${(mode! & 0o777).toString(8).padStart(3, "0")}`,
      }];
    } catch {
      return [];
    }
  });
}

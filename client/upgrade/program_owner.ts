/** The package manager that a program belongs to, and how it is upgraded there. */
import { shellWord } from "../../shared/shell_word.ts";
import type { ClientIo } from "../io.ts";
import type { RunningProgram } from "./running_program.ts";

export interface ProgramOwner {
  name: string;
  /** What to do, or a command. */
  advice: string;
}

const TIMEOUT_MS = 10_000;

type OwnerIo = Pick<ClientIo, "runProgram" | "platform" | "env">;

/**
 * The databases of rpm in its formats, by folder of a system. Where there is none, as on Debian, rpm
 * would create one in the user's home.
 */
const RPM_DATABASES = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"]
  .flatMap((folder) =>
    ["rpmdb.sqlite", "Packages.db", "Packages"].map((file) => `${folder}/${file}`)
  );

/** `path` is the file behind all links. */
export async function findOwner(
  path: string,
  program: Pick<RunningProgram, "name" | "release">,
  io: OwnerIo,
  rpmDatabases: readonly string[] = RPM_DATABASES,
): Promise<ProgramOwner | undefined> {
  const byPath = ownerByPath(path, program, io);
  if (byPath !== undefined || io.platform.os !== "linux") return byPath;
  if (await isContainerProgram(path, io)) {
    return {
      name: "a container image",
      advice: "Pull the image of the new version, and start the container again from it.",
    };
  }
  const hasRpm = (await Promise.all(rpmDatabases.map(exists))).includes(true);
  return await debianOwner(path, io) ?? (hasRpm ? await rpmOwner(path, io) : undefined);
}

function run(command: string): string {
  return `Run: ${command}`;
}

function ownerByPath(
  path: string,
  { name, release }: Pick<RunningProgram, "name" | "release">,
  { platform, env }: OwnerIo,
): ProgramOwner | undefined {
  const windows = platform.os === "windows";
  const segments = path.split(windows ? /[\\/]/ : "/");
  const after = (...folders: string[]): string | undefined => {
    const index = segments.findIndex((_, start) =>
      folders.every((folder, offset) => segments[start + offset]?.toLowerCase() === folder)
    );
    return index < 0 ? undefined : segments[index + folders.length];
  };
  if (after("node_modules") !== undefined) {
    // The file is in the package for this system, which the one with the program's name brings.
    const isPnpm = segments.includes("pnpm") || segments.includes(".pnpm");
    const command = isPnpm ? "pnpm add --global" : "npm install --global";
    return { name: isPnpm ? "pnpm" : "npm", advice: run(`${command} ${name}@latest`) };
  }
  if (windows) {
    const inScoop = [env.SCOOP, env.SCOOP_GLOBAL].some((root) =>
      root && path.toLowerCase().startsWith(`${root.toLowerCase()}\\apps\\`)
    );
    const scoop = after("scoop", "apps") ?? (inScoop ? after("apps") : undefined);
    if (scoop !== undefined) {
      return { name: "Scoop", advice: run(`scoop update ${shellWord(scoop)}`) };
    }
    if (after("winget", "packages") !== undefined) {
      const [publisher] = release.repository.split("/");
      return { name: "winget", advice: run(`winget upgrade --id ${publisher}.${name}`) };
    }
    return undefined;
  }
  const formula = after("cellar");
  if (formula !== undefined) {
    return { name: "Homebrew", advice: run(`brew upgrade ${shellWord(formula)}`) };
  }
  if (path.startsWith("/nix/store/")) {
    return { name: "Nix", advice: run(`nix profile upgrade ${name}`) };
  }
  return undefined;
}

/** The first program of a container comes from its image; others were installed into it. */
async function isContainerProgram(path: string, { env }: OwnerIo): Promise<boolean> {
  try {
    const isContainer = (await Promise.all(["/.dockerenv", "/run/.containerenv"].map(exists)))
      .includes(true) || Boolean(env.KUBERNETES_SERVICE_HOST);
    return isContainer && await Deno.readLink("/proc/1/exe") === path;
  } catch {
    return false;
  }
}

async function debianOwner(path: string, io: OwnerIo): Promise<ProgramOwner | undefined> {
  const output = await outputOf("dpkg-query", ["--search", path], io);
  const [, name] = /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9]+)?: /m.exec(output) ?? [];
  return name === undefined
    ? undefined
    : { name: "apt", advice: run(`sudo apt-get install --only-upgrade ${name}`) };
}

async function rpmOwner(path: string, io: OwnerIo): Promise<ProgramOwner | undefined> {
  const output = await outputOf("rpm", ["-qf", "--queryformat", "%{NAME}", path], io);
  const [name] = /^[A-Za-z0-9][\w+.-]*$/.exec(output) ?? [];
  if (name === undefined) return undefined;
  return await exists("/usr/bin/zypper")
    ? { name: "zypper", advice: run(`sudo zypper update ${name}`) }
    : { name: "dnf", advice: run(`sudo dnf upgrade ${name}`) };
}

async function outputOf(program: string, args: string[], io: OwnerIo): Promise<string> {
  const result = await io.runProgram(program, args, TIMEOUT_MS);
  return typeof result === "object" && result.code === 0 ? result.stdout : "";
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Clones in which versions are prepared, tagged and built, as a maintainer and the workflow do. */
import { join } from "node:path";
import { prepareRelease } from "../release/prepare.ts";

/** Runs a program, with its output only if it fails. */
export async function checked(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) {
    throw new Error(`${program} ${args.join(" ")} failed:\n${text(stdout)}${text(stderr)}`);
  }
  return text(stdout).trim();
}

/** The last commit of `from`, without what is not committed. */
export async function cloneSources(from: string, folder: string, tag?: string): Promise<void> {
  const branch = tag === undefined ? [] : ["--branch", tag];
  await checked("git", ["clone", "--quiet", ...branch, from, folder], {
    env: {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "advice.detachedHead",
      GIT_CONFIG_VALUE_0: "false",
    },
  });
}

/** Gives what is unreleased a version, and tags it. Returns the short name of the commit. */
export async function tagVersion(folder: string, version: string): Promise<string> {
  const paths = ["CHANGELOG.md", "deno.json", "shared/version.ts"].map((name) =>
    join(folder, name)
  );
  const [changelog, config, source] = await Promise.all(
    paths.map((path) => Deno.readTextFile(path)),
  );
  const date = new Date().toISOString().slice(0, 10);
  const files = prepareRelease(
    // Right after a release there is nothing unreleased.
    {
      changelog: changelog.replace("## Unreleased\n", "## Unreleased\n\n- A check.\n"),
      config,
      source,
    },
    version,
    date,
  );
  await Promise.all(
    [files.changelog, files.config, files.source].map((text, i) =>
      Deno.writeTextFile(paths[i], text)
    ),
  );
  const author = ["-c", "user.name=check", "-c", "user.email=check@localhost"];
  const git = (...args: string[]) => checked("git", ["-C", folder, ...author, ...args]);
  await git("commit", "--quiet", "--all", "--message", `Release ${version}`);
  await git("-c", "tag.gpgSign=false", "tag", `v${version}`);
  return await git("rev-parse", "--short=12", "HEAD");
}

export interface BuildOptions {
  /** The clone, at its tag. */
  folder: string;
  version: string;
  targets: readonly string[];
  /** Where the files of the release go. */
  output: string;
  brandFile?: string;
  runtime?: string;
  /** Beside that of this process. */
  env?: Record<string, string>;
}

/** `deno task release` and `deno task packages` of the clone. */
export async function buildRelease(
  { folder, version, targets, output, brandFile, runtime, env }: BuildOptions,
): Promise<void> {
  const brand = brandFile === undefined ? [] : ["--brand", brandFile];
  const task = (...args: string[]) =>
    checked(Deno.execPath(), ["task", "--quiet", ...args, ...brand], { cwd: folder, env });
  await task(
    ...["release", "--tag", `v${version}`, "--targets", targets.join(","), "--output", output],
    ...runtime === undefined ? [] : ["--runtime", runtime],
  );
  await task("packages", "--release", output, "--output", `${output}-packages`, "--add-to-release");
}

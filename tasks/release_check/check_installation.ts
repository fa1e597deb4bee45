/** The life of an installation: install.sh over https, a start, an upgrade, a removal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Ended, run } from "../../tests/support/binary.ts";
import { type TemporaryHome, temporaryHome } from "../../tests/support/temporary_home.ts";
import { writeToolFolder } from "../../tests/support/tool_folder.ts";
import type { ReleaseSite } from "./release_site.ts";
import { checked } from "./sources.ts";

/** All that the installer may call. Without gh and cosign: nothing here has provenance. */
const TOOLS = [
  ...["sh", "uname", "getconf", "ldd", "curl", "tar", "gzip", "mktemp", "rm", "mv", "cp"],
  ...["chmod", "mkdir", "cat", "sed", "tail", "tr", "sha256sum"],
];

/** Of a brand. */
export interface Names {
  binaryName: string;
  envPrefix: string;
  release: { repository: string; signerWorkflow: string };
}

export interface Version {
  version: string;
  commit: string;
}

export interface Installation extends AsyncDisposable {
  /** The program. */
  path: string;
  home: TemporaryHome;
  /** Downloads install.sh of `version`, or of the newest one, and runs it. */
  install(version: string | "latest", ...args: string[]): Promise<Ended>;
  run(...args: string[]): Promise<Ended>;
  /** Files below the home, without the folder for temporary ones. */
  files(): string[];
}

export async function prepareInstallation(
  site: ReleaseSite,
  { binaryName, envPrefix }: Names,
): Promise<Installation> {
  const home = await temporaryHome();
  const work = await Deno.makeTempDir({ prefix: "installer-" });
  const tools = join(work, "tools");
  await writeToolFolder(tools, TOOLS);
  const path = join(home.folder, ".local", "bin", binaryName);
  const env = { ...home.env, PATH: tools, SHELL: "/bin/bash", CURL_CA_BUNDLE: site.authority };
  return {
    path,
    home,
    async install(version, ...args) {
      const folder = version === "latest" ? "latest/download" : `download/v${version}`;
      const script = join(work, "install.sh");
      await checked("curl", [
        ...["--fail", "--silent", "--show-error", "--cacert", site.authority],
        ...["--output", script, `${site.url}/${folder}/install.sh`],
      ]);
      return await run(
        [script, "--base-url", site.url, ...args],
        { env, cwd: home.folder },
        join(tools, "sh"),
      );
    },
    run: (...args) =>
      run(args, {
        env: {
          ...home.env,
          [`${envPrefix}_CA_FILE`]: site.authority,
          [`${envPrefix}_RELEASE_URL`]: site.url,
        },
      }, path),
    files: () => [...filesBelow(home.folder)].filter((file) => !file.startsWith("tmp/")),
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await Deno.remove(work, { recursive: true });
    },
  };
}

/** It says its version and the tag's commit, and could serve. */
export async function checkStarts(
  installation: Installation,
  { version, commit }: Version,
): Promise<void> {
  const printed = await installation.run("--version", "--json");
  assert.equal(printed.code, 0, printed.stderr);
  const { version: own, commit: built } = JSON.parse(printed.stdout);
  assert.deepEqual([own, built], [version, commit]);
  const dataDir = await Deno.makeTempDir({ prefix: "data-" });
  const serve = await installation.run("serve", "--check", "--data-dir", join(dataDir, "data"));
  assert.equal(serve.code, 0, serve.stdout + serve.stderr);
  await Deno.remove(dataDir, { recursive: true });
}

export function assertInstalled({ code, stdout, stderr }: Ended, version: string): void {
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /Checksum: correct\./);
  assert.ok(stdout.includes(`version ${version}.`), stdout);
}

function* filesBelow(folder: string, prefix = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(folder, prefix))) {
    if (isDirectory) yield* filesBelow(folder, `${prefix}${name}/`);
    else yield prefix + name;
  }
}

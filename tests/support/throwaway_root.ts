/**
 * This machine as root sees it, in which all changes are lost at the end: an overlay file system in
 * a mount namespace of its own. `systemctl` there only records how it is called, as if systemd ran.
 * Linux only.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Ended, run, start } from "./binary.ts";

export interface ThrowawayRoot extends AsyncDisposable {
  /** Runs a shell command there, and returns what it prints. It must succeed. */
  sh(command: string): Promise<string>;
  run(command: string): Promise<Ended>;
  /** What `systemctl` was called with since the last call. */
  systemctl(): Promise<string[]>;
  /** Paths of files that were added or changed, with this text in their names. */
  changed(name: string): Promise<string[]>;
}

const SET_UP = `
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mkdir -p "$1/root/run/systemd/system"
mount -t tmpfs tmpfs "$1/root/tmp"
printf '#!/bin/sh\\necho "$*" >>/tmp/systemctl\\n' >"$1/root/tmp/recorder"
chmod +x "$1/root/tmp/recorder"
cp --remove-destination "$1/root/tmp/recorder" "$1/root$(readlink -f "$(command -v systemctl)")"
# Containers forbid packages to start services.
rm -f "$1/root/usr/sbin/policy-rc.d"
echo ready
`;

/** Whether this user may have one. */
export async function canHaveThrowawayRoot(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    await using _ = await throwawayRoot([]);
    return true;
  } catch {
    return false;
  }
}

/** `files` are put into /root. */
export async function throwawayRoot(
  files: readonly { name: string; content: Uint8Array }[],
): Promise<ThrowawayRoot> {
  const folder = await Deno.makeTempDir({ prefix: "root-" });
  const root = join(folder, "root");
  // It keeps the namespace until its input is closed.
  const keeper = start(
    ["--mount", "--propagation", "private", "sh", "-c", `${SET_UP}exec cat`, "sh", folder],
    {},
    "unshare",
  );
  const dispose = async () => {
    await keeper[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  const inside = (...command: string[]) =>
    run(
      ["--target", String(keeper.pid), "--mount", ...command],
      { env: { LC_ALL: "C" } },
      "nsenter",
    );
  const inRoot = (command: string) =>
    inside(
      "env",
      "TMPDIR=/tmp",
      "DEBIAN_FRONTEND=noninteractive",
      "chroot",
      root,
      "sh",
      "-c",
      command,
    );
  const sh = async (command: string) => {
    const { code, stdout, stderr } = await inRoot(command);
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    return stdout;
  };
  try {
    await keeper.waitFor(/ready/);
    for (const { name, content } of files) {
      // The path as the namespace sees it.
      await Deno.writeFile(join(`/proc/${keeper.pid}/root`, root, "root", name), content);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    run: inRoot,
    sh,
    async systemctl() {
      const calls = await sh("cat /tmp/systemctl 2>/dev/null; rm -f /tmp/systemctl");
      return calls.trim().split("\n");
    },
    async changed(name) {
      // Removed files are character devices in the upper layer.
      const upper = join(folder, "upper");
      const { stdout } = await inside("find", upper, "-name", `*${name}*`, "!", "-type", "c");
      return stdout.trim().split("\n").filter((path) => path !== "")
        .map((path) => path.slice(upper.length));
    },
    [Symbol.asyncDispose]: dispose,
  };
}

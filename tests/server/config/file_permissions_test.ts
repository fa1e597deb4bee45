import assert from "node:assert/strict";
import { join } from "node:path";
import {
  ownIdentity,
  permissionProblem,
  type Readers,
  secretFileProblem,
} from "../../../server/config/file_permissions.ts";

const ignore = Deno.build.os === "windows";
const self = ownIdentity()!;
const ALICE = { uid: 1000, gid: 1000 };

/** A folder with mode 0700. */
async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const accepted: Record<Readers, (mode: number) => boolean> = {
  owner: (mode) => (mode & 0o077) === 0,
  group: (mode) => (mode & 0o027) === 0,
  everyone: (mode) => (mode & 0o022) === 0,
};

Deno.test({
  name: "accepts a file with exactly the modes that exclude other users",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const file = join(folder, "file");
      await Deno.writeTextFile(file, "");
      for (let mode = 0o600; mode <= 0o777; mode++) {
        await Deno.chmod(file, mode);
        for (const readers of ["owner", "group", "everyone"] as const) {
          const problem = await permissionProblem(file, readers);
          const name = `${mode.toString(8)} readable by ${readers}: ${problem}`;
          assert.equal(problem === undefined, accepted[readers](mode), name);
        }
      }
    }),
});

Deno.test({
  name: "rejects a folder that others may write, above a file, a folder or nothing",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const parent = join(folder, "parent");
      const file = join(parent, "file");
      await Deno.mkdir(join(parent, "child"), { recursive: true });
      await Deno.writeTextFile(file, "", { mode: 0o600 });
      await Deno.chmod(join(parent, "child"), 0o700);
      for (const path of [file, join(parent, "child"), join(parent, "missing", "deeper")]) {
        for (
          const [mode, isFine] of [
            [0o700, true],
            [0o755, true],
            [0o777, false],
            [0o702, false],
            [0o1777, true],
          ] as const
        ) {
          await Deno.chmod(parent, mode);
          const problem = await permissionProblem(path, "owner");
          assert.equal(problem === undefined, isFine, `${mode.toString(8)} above ${path}`);
          if (problem !== undefined) assert.ok(problem.endsWith(`chmod go-w ${parent}`), problem);
        }
      }
    }),
});

Deno.test({
  name: "accepts a folder with any mode in a read-only mount of a container",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const real = await Deno.realPath(folder);
      const file = join(folder, "file");
      await Deno.writeTextFile(file, "", { mode: 0o644 });
      await Deno.chmod(folder, 0o777);
      const mounts = (option: string) => () =>
        Promise.resolve(
          `1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 /x ${real} ${option} - ext4 /dev/sda1 rw\n`,
        );
      for (const path of [file, folder]) {
        assert.equal(await permissionProblem(path, "everyone", self, mounts("ro")), undefined);
        assert.notEqual(await permissionProblem(path, "everyone", self, mounts("rw")), undefined);
      }
      await Deno.chmod(file, 0o666);
      assert.notEqual(await permissionProblem(file, "everyone", self, mounts("ro")), undefined);
    }),
});

Deno.test({
  name: "checks the folders above a link and above its target",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const [open, closed] = [join(folder, "open"), join(folder, "closed")];
      await Deno.mkdir(open);
      await Deno.mkdir(closed, { mode: 0o700 });
      await Deno.chmod(open, 0o777);
      for (const [target, link] of [[open, closed], [closed, open]]) {
        await Deno.writeTextFile(join(target, "file"), "", { mode: 0o600 });
        await Deno.symlink(join(target, "file"), join(link, "link"));
        assert.match(await permissionProblem(join(link, "link"), "owner") ?? "accepted", /open$/);
      }
    }),
});

Deno.test({
  name: "rejects another owner, unless it is root",
  ignore: ignore || self.uid !== 0,
  fn: () =>
    withFolder(async (folder) => {
      // Alice may enter it as well.
      const parent = join(folder, "parent");
      const file = join(parent, "file");
      await Deno.mkdir(parent, { mode: 0o755 });
      await Deno.writeTextFile(file, "", { mode: 0o600 });
      assert.equal(await permissionProblem(file, "owner", ALICE), undefined);
      await Deno.chown(file, ALICE.uid, ALICE.gid);
      assert.equal(await permissionProblem(file, "owner", ALICE), undefined);
      assert.match(await permissionProblem(file, "owner") ?? "", /uid 1000.*chown 0 /);
      await Deno.chown(file, 0, 0);
      await Deno.chown(parent, ALICE.uid, ALICE.gid);
      assert.equal(await permissionProblem(file, "owner", ALICE), undefined);
      assert.match(await permissionProblem(file, "owner") ?? "", /uid 1000/);
    }),
});

Deno.test({
  name: "accepts a folder that a group may write only if it is the user's own group",
  ignore: ignore || self.uid !== 0,
  fn: () =>
    withFolder(async (folder) => {
      const file = join(folder, "file");
      await Deno.writeTextFile(file, "", { mode: 0o600 });
      await Deno.chown(file, ALICE.uid, ALICE.gid);
      await Deno.chown(folder, ALICE.uid, ALICE.gid);
      await Deno.chmod(folder, 0o775);
      assert.equal(await permissionProblem(file, "owner", ALICE), undefined);
      assert.notEqual(await permissionProblem(file, "owner", { uid: 1000, gid: 100 }), undefined);
      await Deno.chown(folder, ALICE.uid, 100);
      assert.notEqual(await permissionProblem(file, "owner", ALICE), undefined);
    }),
});

Deno.test({
  name: "leaves modes and owners of mounted secrets to the runtime, unless others may write them",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const file = join(folder, "key");
      await Deno.writeTextFile(file, "");
      const mounted = () => Promise.resolve(`1 0 0:1 / ${folder} rw - tmpfs tmpfs rw`);
      const other = () => Promise.resolve("1 0 0:1 / / rw - ext4 /dev/sda1 rw");
      for (const [mode, isFine] of [[0o600, true], [0o640, true], [0o644, false]] as const) {
        await Deno.chmod(file, mode);
        assert.equal(await secretFileProblem(file, self, other) === undefined, isFine);
        assert.equal(await secretFileProblem(file, self, mounted), undefined);
      }
      await Deno.chmod(file, 0o646);
      assert.ok(await secretFileProblem(file, self, mounted));
    }),
});

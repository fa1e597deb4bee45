// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task release:check [--targets NAME,…] [--runtime stand-in] [--arm] [--keep]`: releases of two
 * versions and two brands, from tags of clones, on a web server of this machine; installed, started,
 * upgraded and removed. docs/releases.md. Linux on x64 only.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brand } from "../shared/brand.ts";
import { CHECKSUMS_FILE, programInArchive } from "../shared/release.ts";
import { version as currentVersion } from "../shared/version.ts";
import { otherBrand, writeOtherBrand } from "../tests/support/other_brand.ts";
import { changelogSection } from "./release/release_notes.ts";
import { readChecksums } from "./release/checksums.ts";
import { checkOnArm } from "./release_check/check_arm.ts";
import { checkNames } from "./release_check/check_brand.ts";
import {
  checkBill,
  checkProgram,
  checkSums,
  checkTexts,
  type Release,
  unpack,
} from "./release_check/check_files.ts";
import type { Version } from "./release_check/check_installation.ts";
import { checkLife } from "./release_check/check_life.ts";
import { buildRelease, cloneSources, tagVersion } from "./release_check/sources.ts";
import { step } from "./release_check/steps.ts";
import { runWorkflowScripts } from "./release_check/workflow_scripts.ts";
import { ARM_NEEDS, provideSystemPackages } from "./system_packages.ts";
import { targets } from "./targets.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const HOST = "x86_64-unknown-linux-gnu";
const ARM = "aarch64-unknown-linux-gnu";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    targets: { type: "string", default: targets.map(({ name }) => name).join(",") },
    runtime: { type: "string" },
    arm: { type: "boolean", default: false },
    /** Leaves the folder with everything that was built. */
    keep: { type: "boolean", default: false },
  },
});
if (Deno.build.target !== HOST) {
  console.error(`This is ${Deno.build.target}; the check needs ${HOST}.`);
  Deno.exit(1);
}
const chosen = [...new Set([HOST, ...values.arm ? [ARM] : [], ...values.targets.split(",")])];
const { runtime } = values;
const work = await Deno.makeTempDir({ prefix: "release-check-" });
let failed = false;
try {
  await check();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  failed = true;
}
if (values.keep) console.log(`Everything is in ${work}.`);
else await Deno.remove(work, { recursive: true });
console.log(failed ? "failed" : "passed");
Deno.exit(failed ? 1 : 0);

interface Product {
  binaryName: string;
  brandFile?: string;
}

async function check(): Promise<void> {
  const clone = join(work, "sources");
  const [older, newer] = await versions();
  const own: Product = { binaryName: brand.binaryName };
  const other: Product = {
    binaryName: otherBrand.binaryName,
    brandFile: await writeOtherBrand(work),
  };
  const release = ({ binaryName }: Product, version: string): Release => ({
    folder: join(work, binaryName, version),
    version,
    binaryName,
  });
  const build = async (product: Product, version: string, builtTargets: readonly string[]) => {
    const { folder } = release(product, version);
    const { brandFile } = product;
    await step(
      `builds ${product.binaryName} ${version} for ${builtTargets.length} systems`,
      () =>
        buildRelease({
          ...{ folder: clone, version, targets: builtTargets, output: folder, brandFile, runtime },
        }),
    );
  };

  const commits: Version[] = [];
  if (values.arm) await provideSystemPackages(ARM_NEEDS, (line) => console.log(line));
  await step("clones the last commit", () => cloneSources(root, clone));
  for (const version of [older, newer]) {
    const commit = await step(`prepares and tags ${version}`, () => tagVersion(clone, version));
    commits.push({ version, commit });
    await build(own, version, version === older ? chosen : [HOST]);
    await build(other, version, [HOST]);
  }

  await step("gives the same files in another folder, time zone, language and mask", async () => {
    const elsewhere = join(work, "a different", "place");
    await Deno.mkdir(elsewhere, { recursive: true });
    const folder = join(elsewhere, "sources");
    await cloneSources(clone, folder, `v${older}`);
    const output = join(elsewhere, "release");
    const env = { TZ: "Pacific/Auckland", LC_ALL: "de_DE.UTF-8" };
    const mask = Deno.umask(0o077);
    try {
      await buildRelease({
        ...{ folder, version: older, targets: [HOST], output, runtime, env },
      });
    } finally {
      Deno.umask(mask);
    }
    const first = await sums(release(own, older));
    const again = await sums({ ...release(own, older), folder: output });
    // The installers name all systems that have an archive.
    const common = [...again].filter(([name]) => !name.startsWith("install."));
    assert.ok(common.length >= 2);
    assert.deepEqual(common, common.map(([name]) => [name, first.get(name)]));
  });

  for (const product of [own, other]) {
    for (const version of [older, newer]) {
      const { folder } = release(product, version);
      await step(`${product.binaryName} ${version}: checksums, bill of materials`, async () => {
        await checkSums(release(product, version));
        await checkBill(release(product, version));
      });
      await step(`${product.binaryName} ${version}: scripts of the workflow`, async () => {
        const copy = await Deno.makeTempDir({ dir: work });
        await cp(folder, join(copy, "release"), { recursive: true });
        await runWorkflowScripts(copy, { tag: `v${version}`, target: HOST });
      });
    }
  }
  const unpacked = join(work, "unpacked");
  for (const target of chosen) {
    await step(`${own.binaryName} ${older} for ${target}: texts, program, add-on`, async () => {
      const folder = await unpack(release(own, older), target, unpacked);
      await checkTexts(folder, own.binaryName);
      console.log(`        ${await checkProgram(release(own, older), target, unpacked)}`);
    });
  }
  await step(`nothing of ${own.binaryName} in ${other.binaryName} ${older}`, async () => {
    const { folder } = release(other, older);
    await checkTexts(
      await unpack(release(other, older), HOST, join(work, "other")),
      other.binaryName,
    );
    for (const place of [folder, `${folder}-packages`, join(work, "other")]) {
      console.log(`        ${await checkNames(place)} files`);
    }
  });

  for (const [product, names] of [[own, brand], [other, otherBrand]] as const) {
    await checkLife(
      names,
      commits.map((commit) => ({ ...release(product, commit.version), ...commit })),
    );
  }
  if (values.arm) {
    await step("logs in from Linux on ARM, under qemu-aarch64", async () => {
      const program = (target: string) =>
        join(unpacked, programInArchive(older, target, own.binaryName));
      console.log(`        ${await checkOnArm(program(HOST), program(ARM))}`);
    });
  }
}

/** The next two that CHANGELOG.md does not have. */
async function versions(): Promise<[string, string]> {
  const changelog = await Deno.readTextFile(join(root, "CHANGELOG.md"));
  const [major, minor, patch] = currentVersion.split(/[.-]/).map(Number);
  const isReleased = () => {
    try {
      return changelogSection(changelog, currentVersion) !== "";
    } catch {
      return false;
    }
  };
  const first = isReleased() ? patch + 1 : patch;
  return [`${major}.${minor}.${first}`, `${major}.${minor}.${first + 1}`];
}

async function sums({ folder }: Release): Promise<Map<string, string>> {
  return readChecksums(await Deno.readTextFile(join(folder, CHECKSUMS_FILE)));
}

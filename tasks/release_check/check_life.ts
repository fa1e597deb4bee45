/** An installation from its beginning to its end, from a web server of this machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import { createSigstore, releaseIdentity } from "../../tests/support/sigstore/sigstore.ts";
import { readChecksums } from "../release/checksums.ts";
import type { Release } from "./check_files.ts";
import {
  assertInstalled,
  checkStarts,
  type Installation,
  type Names,
  prepareInstallation,
  type Version,
} from "./check_installation.ts";
import { startReleaseSite } from "./release_site.ts";
import { step } from "./steps.ts";

/** Installs the older version, upgrades to the newer one in both ways, removes it. */
export async function checkLife(
  brand: Names,
  [older, newer]: (Release & Version)[],
): Promise<void> {
  const { binaryName } = brand;
  await using site = startReleaseSite();
  site.publish(older.version, older.folder);
  await using installation = await prepareInstallation(site, brand);
  const { install } = installation;
  await step(`${binaryName}: install.sh installs ${older.version} over https`, async () => {
    assertInstalled(await install(older.version), older.version);
    assert.deepEqual(installation.files(), [`.local/bin/${binaryName}`]);
  });
  await step(`${binaryName}: ${older.version} starts`, () => checkStarts(installation, older));
  site.publish(newer.version, newer.folder);
  await checkUpgrade(brand, installation, older, newer);
  await step(`${binaryName}: install.sh of the newest version upgrades`, async () => {
    assertInstalled(await install("latest"), newer.version);
    await checkStarts(installation, newer);
  });
  await step(`${binaryName}: an older install.sh installs the newest version`, async () => {
    assertInstalled(await install(older.version), older.version);
    assertInstalled(await install(older.version, "--version", "latest"), newer.version);
  });
  await step(`${binaryName}: install.sh --uninstall leaves settings only`, async () => {
    const { code, stderr } = await install("latest", "--uninstall");
    assert.equal(code, 0, stderr);
    assert.deepEqual(installation.files().filter((file) => !file.startsWith(".config/")), []);
  });
}

/** `upgrade` verifies the provenance by a Sigstore of the check: GitHub's signs only there. */
async function checkUpgrade(
  brand: Names,
  installation: Installation,
  older: Release & Version,
  newer: Release & Version,
): Promise<void> {
  const { binaryName, release } = brand;
  const sigstore = createSigstore();
  const sums = readChecksums(await Deno.readTextFile(join(newer.folder, CHECKSUMS_FILE)));
  const subjects = Array.from(sums, ([name, sha256]) => ({ name, sha256 }));
  const trustedRoot = join(await Deno.makeTempDir({ prefix: "root-" }), "trusted_root.json");
  await Deno.writeTextFile(trustedRoot, JSON.stringify(sigstore.trustedRoot));
  const sign = (signer: Names["release"], version: string) =>
    Deno.writeTextFile(
      join(newer.folder, PROVENANCE_FILE),
      sigstore.attest(subjects, releaseIdentity(signer, version)),
    );
  const upgrade = (...args: string[]) => installation.run("upgrade", ...args);
  await step(`${binaryName}: upgrade finds ${newer.version}`, async () => {
    const { code, stdout } = await upgrade("--check");
    assert.equal(code, EXIT.updateAvailable);
    assert.ok(stdout.includes(newer.version));
  });
  await step(`${binaryName}: upgrade rejects another signer, repository or tag`, async () => {
    const other = "evil/fork/.github/workflows/release-brand.yml";
    await sign({ ...release, signerWorkflow: other }, newer.version);
    assert.equal((await upgrade("--trusted-root", trustedRoot)).code, EXIT.failure);
    await sign({ ...release, repository: "evil/fork" }, newer.version);
    assert.equal((await upgrade("--trusted-root", trustedRoot)).code, EXIT.failure);
    await sign(release, older.version);
    assert.equal((await upgrade("--trusted-root", trustedRoot)).code, EXIT.failure);
    await checkStarts(installation, older);
  });
  await step(`${binaryName}: upgrade replaces ${older.version}, and goes back`, async () => {
    await sign(release, newer.version);
    const { code, stderr } = await upgrade("--trusted-root", trustedRoot);
    assert.equal(code, EXIT.ok, stderr);
    await checkStarts(installation, newer);
    const back = await upgrade("--rollback");
    assert.equal(back.code, EXIT.ok, back.stderr);
    await checkStarts(installation, older);
  });
  await Deno.remove(trustedRoot);
}

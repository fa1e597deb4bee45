/** An installation from its beginning to its end, from a web server of this machine. */
import assert from "node:assert/strict";
import { type Release } from "./check_files.ts";
import {
  assertInstalled,
  checkStarts,
  prepareInstallation,
  type Version,
} from "./check_installation.ts";
import { startReleaseSite } from "./release_site.ts";
import { step } from "./steps.ts";

/** Installs the older version, upgrades to the newer one, removes it. */
export async function checkLife([older, newer]: (Release & Version)[]): Promise<void> {
  const { binaryName } = older;
  await using site = startReleaseSite();
  site.publish(older.version, older.folder);
  await using installation = await prepareInstallation(site, binaryName);
  await step(`${binaryName}: install.sh installs ${older.version} over https`, async () => {
    assertInstalled(await installation.install(older.version), older.version);
    assert.deepEqual(installation.files(), [`.local/bin/${binaryName}`]);
  });
  await step(`${binaryName}: ${older.version} starts`, () => checkStarts(installation, older));
  site.publish(newer.version, newer.folder);
  await step(`${binaryName}: install.sh of the newest version upgrades`, async () => {
    assertInstalled(await installation.install("latest"), newer.version);
    await checkStarts(installation, newer);
  });
  await step(`${binaryName}: an older install.sh installs the newest version`, async () => {
    assertInstalled(await installation.install(older.version), older.version);
    assertInstalled(
      await installation.install(older.version, "--version", "latest"),
      newer.version,
    );
  });
  await step(`${binaryName}: install.sh --uninstall leaves nothing`, async () => {
    const { code, stderr } = await installation.install("latest", "--uninstall");
    assert.equal(code, 0, stderr);
    assert.deepEqual(installation.files(), []);
  });
}

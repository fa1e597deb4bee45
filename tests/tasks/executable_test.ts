/** Headers of real files: the keychain add-ons of the systems that have one, and this Deno. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { lockedPackage, npmPackageFolder } from "../../tasks/npm_package.ts";
import { inspectExecutable } from "../../tasks/release/executable.ts";
import { signatureNotes } from "../../tasks/release/signature_notes.ts";
import { targets } from "../../tasks/targets.ts";

async function addOn(keyring: string): Promise<Uint8Array> {
  const folder = await npmPackageFolder(await lockedPackage(`@napi-rs/keyring-${keyring}`));
  return await Deno.readFile(join(folder, `keyring.${keyring}.node`));
}

Deno.test("each target embeds an add-on for its own system and processor", async () => {
  const systems: Record<string, string> = {};
  for (const { name, keyring } of targets) {
    if (keyring === undefined) continue;
    const { format, processor } = inspectExecutable(await addOn(keyring));
    systems[name] = `${format} ${processor}`;
  }
  assert.deepEqual(systems, {
    "x86_64-apple-darwin": "Mach-O x86_64",
    "aarch64-apple-darwin": "Mach-O aarch64",
    "x86_64-pc-windows-msvc": "PE x86_64",
  });
});

Deno.test("distinguishes signatures with a certificate, without one, and none", async () => {
  // Its publisher signs the add-on.
  const arm = inspectExecutable(await addOn("darwin-arm64"));
  assert.deepEqual(arm, {
    format: "Mach-O",
    processor: "aarch64",
    signature: "certificate",
    identifier: "keyring.darwin-arm64",
    isHardened: true,
  });
  assert.equal(inspectExecutable(await adHocAddOn()).signature, "ad hoc");
  assert.equal(inspectExecutable(await addOn("win32-x64-msvc")).signature, "none");
  assert.equal(inspectExecutable(await signedPe()).signature, "certificate");
});

Deno.test("reads ELF, and rejects other files", async () => {
  if (Deno.build.os === "linux") {
    const { format, processor } = inspectExecutable(await Deno.readFile(Deno.execPath()));
    assert.deepEqual([format, processor], ["ELF", Deno.build.arch]);
  }
  assert.throws(() => inspectExecutable(new TextEncoder().encode("#!/bin/sh\n".repeat(9))));
});

/** A PE with an entry for certificates, as signtool leaves it. */
async function signedPe(): Promise<Uint8Array> {
  const file = (await addOn("win32-x64-msvc")).slice();
  const view = new DataView(file.buffer);
  view.setUint32(view.getUint32(0x3c, true) + 24 + 112 + 4 * 8 + 4, 9000, true);
  return file;
}

/** With an empty CMS blob and the flag, as `codesign --sign -` leaves it. */
async function adHocAddOn(): Promise<Uint8Array> {
  const file = Buffer.from((await addOn("darwin-arm64")).slice());
  file.writeUInt32BE(8, file.lastIndexOf(Buffer.from("fade0b01", "hex")) + 4);
  const directory = Buffer.from("fade0c02", "hex");
  for (let at = file.indexOf(directory); at >= 0; at = file.indexOf(directory, at + 4)) {
    file.writeUInt32BE(2, at + 12);
  }
  return file;
}

Deno.test("the notes say which programs are signed", async () => {
  const notes = async (mac: Promise<Uint8Array>, windows: Promise<Uint8Array>) =>
    signatureNotes([
      { target: "aarch64-apple-darwin", executable: inspectExecutable(await mac) },
      { target: "x86_64-pc-windows-msvc", executable: inspectExecutable(await windows) },
    ]);
  const signed = await notes(addOn("darwin-arm64"), signedPe());
  assert.match(signed, /Developer ID[^]*Authenticode/);
  assert.doesNotMatch(signed, /not signed/);
  const unsigned = await notes(adHocAddOn(), addOn("win32-x64-msvc"));
  assert.equal(unsigned.match(/not signed/g)?.length, 2);
  assert.equal(signatureNotes([]), "");
});

/** What a release contains: checksums, archives, programs, notices and the bill of materials. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  archiveFolder,
  archiveName,
  CHECKSUMS_FILE,
  programInArchive,
} from "../../shared/release.ts";
import { schemaErrors } from "../../tests/support/sbom_schema.ts";
import { lockedPackage, npmPackageFolder } from "../npm_package.ts";
import { readChecksums } from "../release/checksums.ts";
import { inspectExecutable } from "../release/executable.ts";
import { NOTES_FILE } from "../release/release_notes.ts";
import { sbomFile } from "../release/sbom.ts";
import { NOTICES_FILE } from "../release/third_party_notices.ts";
import { type Target, targetNamed } from "../targets.ts";
import { checked } from "./sources.ts";

export interface Release {
  /** With its files. */
  folder: string;
  version: string;
  binaryName: string;
}

/** Each file has a checksum, except the list and the notes. */
export async function checkSums({ folder }: Release): Promise<void> {
  const sums = readChecksums(await Deno.readTextFile(join(folder, CHECKSUMS_FILE)));
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name !== CHECKSUMS_FILE && name !== NOTES_FILE);
  assert.deepEqual([...sums.keys()].sort(), names.sort());
  for (const [name, sum] of sums) assert.equal(await sha256(join(folder, name)), sum, name);
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** Valid by the schema, and for this version. */
export async function checkBill({ folder, version, binaryName }: Release): Promise<void> {
  const bill = JSON.parse(await Deno.readTextFile(join(folder, sbomFile(binaryName, version))));
  assert.equal((await schemaErrors())(bill), "");
  assert.equal(bill.metadata.component.version, version);
  assert.ok(bill.components.length > 30);
}

/** Unpacks the archive for a target to `to`, and returns the folder in it. */
export async function unpack(release: Release, target: string, to: string): Promise<string> {
  const { folder, version, binaryName } = release;
  const archive = join(folder, archiveName(version, target, binaryName));
  await Deno.mkdir(to, { recursive: true });
  if (archive.endsWith(".zip")) await checked("python3", ["-m", "zipfile", "-e", archive, to]);
  else await checked("tar", ["-xzf", archive, "-C", to]);
  return join(to, archiveFolder(version, target, binaryName));
}

/** The texts that belong to each copy, and the pages and completions of its commands. */
export async function checkTexts(folder: string, binaryName: string): Promise<void> {
  const notices = await Deno.readTextFile(join(folder, NOTICES_FILE));
  for (const name of ["Deno ", "V8", "PostgreSQL ", "hono ", "jose "]) {
    assert.ok(notices.includes(`\n${name}`), `${NOTICES_FILE} lacks ${name}`);
  }
  for (
    const name of ["LICENSE", `man/${binaryName}.1`, `man/${binaryName}-serve.1`, "completions"]
  ) {
    await Deno.stat(join(folder, name));
  }
}

const FORMATS: Record<string, "ELF" | "Mach-O" | "PE"> = {
  linux: "ELF",
  apple: "Mach-O",
  pc: "PE",
};

/** For the target's system and processor, with the target's own add-on and no other. */
export async function checkProgram(release: Release, target: string, to: string): Promise<string> {
  const { version, binaryName } = release;
  const content = await Deno.readFile(join(to, programInArchive(version, target, binaryName)));
  const { format, processor, signature } = inspectExecutable(content);
  assert.equal(processor, target.split("-")[0]);
  const system = Object.keys(FORMATS).find((name) => target.includes(`-${name}-`))!;
  assert.equal(format, FORMATS[system]);
  // Programs for ARM start on macOS only with a signature, at least an ad hoc one.
  if (target === "aarch64-apple-darwin") assert.notEqual(signature, "none");
  const embedded = await addOns(content);
  const { keyring } = targetNamed(target);
  assert.deepEqual(embedded, keyring === undefined ? [] : [keyring]);
  return `${format} ${processor}, signature: ${signature}, add-on: ${keyring ?? "none"}`;
}

/** Which of the keychain add-ons a program contains. */
async function addOns(program: Uint8Array): Promise<string[]> {
  const file = Buffer.from(program.buffer, program.byteOffset, program.byteLength);
  const names: NonNullable<Target["keyring"]>[] = ["darwin-x64", "darwin-arm64", "win32-x64-msvc"];
  const embedded: string[] = [];
  for (const name of names) {
    const folder = await npmPackageFolder(await lockedPackage(`@napi-rs/keyring-${name}`));
    const addOn = await Deno.readFile(join(folder, `keyring.${name}.node`));
    if (file.includes(Buffer.from(addOn))) embedded.push(name);
  }
  return embedded;
}

/**
 * A value of any size in a keychain whose entries hold little: Windows Credential
 * Manager takes 2,560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE). A larger value is
 * stored in parts under other names, and its own entry lists them:
 *
 *     NAME     {"parts":3,"generation":"a","sha256":"…"}
 *     NAME/a1  …   NAME/a2  …   NAME/a3  …
 *
 * The next large value uses generation `b`, and the one after it `a` again, so that a
 * process that is killed in between leaves the old value intact.
 */
import { sha256Hex } from "../../../shared/sha256.ts";
import type { KeychainBackend } from "./backend.ts";

/** Bytes an entry takes on every platform. */
const ENTRY_LIMIT = 2560;

type Generation = "a" | "b";

interface PartList {
  parts: number;
  generation: Generation;
  /** Of the whole value, in hexadecimal. */
  sha256: string;
}

/** The value under `name`; undefined if there is none, or not all of it. */
export async function readValue(
  keychain: KeychainBackend,
  name: string,
): Promise<string | undefined> {
  // A concurrent writer deletes the parts that are being read: try again.
  for (let attempt = 1; attempt <= 3; attempt++) {
    const entry = await keychain.get(name);
    if (entry === undefined) return undefined;
    const list = partListIn(entry);
    const whole = list ? await joinParts(keychain, name, list) : entry;
    if (whole) return new TextDecoder().decode(whole);
  }
  return undefined;
}

/** `value` is the JSON of an object without a property `parts`. */
export async function writeValue(
  keychain: KeychainBackend,
  name: string,
  value: string,
): Promise<void> {
  const bytes = new TextEncoder().encode(value);
  const old = partListIn(await keychain.get(name));
  if (bytes.length <= ENTRY_LIMIT) {
    await keychain.set(name, bytes);
  } else {
    const list: PartList = {
      parts: Math.ceil(bytes.length / ENTRY_LIMIT),
      generation: old?.generation === "a" ? "b" : "a",
      sha256: await sha256Hex(bytes),
    };
    for (let index = 1; index <= list.parts; index++) {
      const part = bytes.slice((index - 1) * ENTRY_LIMIT, index * ENTRY_LIMIT);
      await keychain.set(partName(name, list.generation, index), part);
    }
    await keychain.set(name, new TextEncoder().encode(JSON.stringify(list)));
  }
  if (old) await deleteParts(keychain, name, old.generation);
}

/** Deletes the value, and parts that a killed process may have left. */
export async function deleteValue(keychain: KeychainBackend, name: string): Promise<void> {
  await keychain.delete(name);
  await deleteParts(keychain, name, "a");
  await deleteParts(keychain, name, "b");
}

async function joinParts(
  keychain: KeychainBackend,
  name: string,
  { parts, generation, sha256 }: PartList,
): Promise<Uint8Array | undefined> {
  const bytes: number[] = [];
  for (let index = 1; index <= parts; index++) {
    bytes.push(...await keychain.get(partName(name, generation, index)) ?? []);
  }
  const whole = Uint8Array.from(bytes);
  return await sha256Hex(whole) === sha256 ? whole : undefined;
}

/** The last part first: what a killed process leaves is found again by counting from 1. */
async function deleteParts(
  keychain: KeychainBackend,
  name: string,
  generation: Generation,
): Promise<void> {
  let last = 0;
  while (await keychain.get(partName(name, generation, last + 1))) last++;
  for (; last > 0; last--) await keychain.delete(partName(name, generation, last));
}

function partName(name: string, generation: Generation, index: number): string {
  return `${name}/${generation}${index}`;
}

function partListIn(entry: Uint8Array | undefined): PartList | undefined {
  try {
    const list = Object(JSON.parse(new TextDecoder().decode(entry)));
    return Number.isInteger(list.parts) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Encrypted backups are files of age (age-encryption.org), which its own program reads too. */
import { Buffer } from "node:buffer";
import { BackupError } from "./backup_error.ts";

/** With what a backup is encrypted; with neither it is not. */
export interface EncryptionChoice {
  passphrase?: string;
  /** Public keys: `age1…`. */
  recipients?: readonly string[];
}

/** With what an encrypted backup is read. */
export interface DecryptionKeys {
  passphrase?: string;
  /** Private keys: `AGE-SECRET-KEY-1…`. */
  identities?: readonly string[];
}

const AGE_START = "age-encryption.org/";
const ARMOR_START = "-----BEGIN AGE";

export function isEncryptionChosen({ passphrase, recipients = [] }: EncryptionChoice): boolean {
  return passphrase !== undefined || recipients.length > 0;
}

/** Encrypts if that was chosen. Throws BackupError for a recipient that is not valid. */
export async function encryptBackup(
  bytes: AsyncIterable<Uint8Array>,
  choice: EncryptionChoice,
): Promise<AsyncIterable<Uint8Array>> {
  if (!isEncryptionChosen(choice)) return bytes;
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  // scrypt with 2^18 iterations, as the age program has it.
  if (choice.passphrase !== undefined) encrypter.setPassphrase(choice.passphrase);
  for (const recipient of choice.recipients ?? []) encrypter.addRecipient(recipient);
  return await encrypter.encrypt(ReadableStream.from(bytes) as ReadableStream<Uint8Array>);
}

/** Whether `text` is a recipient that files can be encrypted for. */
export async function isRecipient(text: string): Promise<boolean> {
  const { Encrypter } = await import("age-encryption");
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/** The private keys in an identity file of age, whose comments begin with #; undefined if one is not valid. */
export async function parseIdentities(text: string): Promise<string[] | undefined> {
  const { Decrypter } = await import("age-encryption");
  const identities = text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  try {
    for (const identity of identities) new Decrypter().addIdentity(identity);
  } catch {
    return undefined;
  }
  return identities.length === 0 ? undefined : identities;
}

/** Decrypts what is encrypted. Throws BackupError without the right key. */
export async function decryptBackup(
  source: AsyncIterable<Uint8Array>,
  { passphrase, identities = [] }: DecryptionKeys,
): Promise<AsyncIterable<Uint8Array>> {
  const { start, bytes } = await peek(source, ARMOR_START.length);
  if (start.startsWith(ARMOR_START.slice(0, start.length)) && start !== "") {
    throw new BackupError(
      "not_a_backup",
      "The backup is in the text form of age. Convert it first: age --decrypt FILE > BACKUP",
    );
  }
  if (!AGE_START.startsWith(start.slice(0, AGE_START.length)) || start === "") return bytes;
  if (passphrase === undefined && identities.length === 0) {
    throw new BackupError(
      "encrypted",
      "The backup is encrypted. Use --passphrase-file or --passphrase if it was encrypted with a " +
        "passphrase, or --identity with the file of the private key.",
    );
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
  for (const identity of identities) decrypter.addIdentity(identity);
  let decrypted;
  try {
    decrypted = await decrypter.decrypt(ReadableStream.from(bytes) as ReadableStream<Uint8Array>);
  } catch {
    throw new BackupError(
      "wrong_key",
      passphrase === undefined
        ? "The backup was encrypted for another key, or it is damaged. Check --identity."
        : "The passphrase is wrong, or the backup was encrypted for a key, or it is damaged.",
    );
  }
  return untilDamaged(decrypted);
}

/** The library reports damage with errors of its own. */
async function* untilDamaged(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  for (let first = true;; first = false) {
    let next;
    try {
      next = await iterator.next();
    } catch {
      // Reads as the end of the file, which the reader reports with the table.
      if (!first) return;
      throw new BackupError(
        "damaged",
        "The backup is damaged at its start. Use another copy of it, or an earlier backup.",
      );
    }
    if (next.done) return;
    yield next.value;
  }
}

async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ start: string; bytes: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const { value, done } = await iterator.next();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  const first = Buffer.concat(chunks);
  return {
    start: first.subarray(0, length).toString("latin1"),
    bytes: (async function* () {
      yield first;
      yield* { [Symbol.asyncIterator]: () => iterator };
    })(),
  };
}

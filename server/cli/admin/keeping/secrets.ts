import { parseIdentities } from "../../../backup/file_encryption.ts";
import { isRecipient } from "../../../backup/file_encryption.ts";
import type { DecryptionKeys, EncryptionChoice } from "../../../backup/file_encryption.ts";
import { readSecretFile } from "../../../config/secret_files.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";

export interface PassphraseOptions {
  passphrase?: boolean;
  passphraseFile?: string;
}

/** A backup is attacked offline, where no limit slows guesses down. */
const MIN_PASSPHRASE_LENGTH = 12;

/** With what to encrypt, as the options say; the exit code if they cannot be used. */
export async function chooseEncryption(
  { recipient: recipients = [], ...options }: PassphraseOptions & { recipient?: string[] },
  io: ServerIo,
): Promise<EncryptionChoice | number> {
  if (recipients.length > 0) {
    if (options.passphrase || options.passphraseFile !== undefined) {
      return reportUsage("Use a passphrase or --recipient, not both: age allows only one.", io);
    }
    for (const recipient of recipients) {
      if (await isRecipient(recipient)) continue;
      return reportUsage(
        `--recipient: ${recipient} is not an age public key. It begins with age1; age-keygen -y ` +
          "prints that of a private key.",
        io,
      );
    }
    return { recipients };
  }
  const passphrase = await readPassphrase(options, io, { isNew: true });
  if (typeof passphrase === "number") return passphrase;
  if (passphrase !== undefined && passphrase.length < MIN_PASSPHRASE_LENGTH) {
    return reportUsage(
      `The passphrase is too short. Use at least ${MIN_PASSPHRASE_LENGTH} characters, such as ` +
        "five random words.",
      io,
    );
  }
  return { passphrase };
}

/** With what to decrypt, as the options say; the exit code if they cannot be used. */
export async function chooseDecryption(
  { identity, ...options }: PassphraseOptions & { identity?: string },
  io: ServerIo,
): Promise<DecryptionKeys | number> {
  const passphrase = await readPassphrase(options, io, { isNew: false });
  if (typeof passphrase === "number") return passphrase;
  if (identity === undefined) return { passphrase };
  const text = await readKeyFile("--identity", identity, io);
  if (typeof text === "number") return text;
  const identities = await parseIdentities(text);
  if (identities === undefined) {
    return reportUsage(
      `--identity: ${identity} has no valid age private key (AGE-SECRET-KEY-1…). age-keygen ` +
        "writes such a file; decrypt it first if it has a passphrase of its own.",
      io,
    );
  }
  return { passphrase, identities };
}

async function readPassphrase(
  { passphrase, passphraseFile }: PassphraseOptions,
  io: ServerIo,
  { isNew }: { isNew: boolean },
): Promise<string | undefined | number> {
  if (passphraseFile !== undefined) {
    if (passphrase) return reportUsage("Use --passphrase or --passphrase-file, not both.", io);
    const text = await readKeyFile("--passphrase-file", passphraseFile, io);
    if (typeof text === "number") return text;
    const [line] = text.split(/\r?\n/);
    return line !== ""
      ? line
      : reportUsage(`--passphrase-file: the first line of ${passphraseFile} is empty.`, io);
  }
  if (passphrase !== true) return undefined;
  const typed = await io.promptSecrets(async (ask) => {
    const first = await ask("Passphrase of the backup: ");
    return isNew && await ask("Repeat the passphrase: ") !== first ? null : first;
  });
  if (typed === undefined) {
    return reportUsage("There is no terminal to ask for it. Use --passphrase-file.", io);
  }
  if (typed === null) return reportUsage("The two passphrases differ. Try again.", io);
  return typed;
}

/** Both kinds of file are kept for the next backup: other users must not be able to read them. */
async function readKeyFile(option: string, path: string, io: ServerIo): Promise<string | number> {
  const content = await readSecretFile(path, io.env);
  return typeof content === "string" ? content : reportUsage(`${option}: ${content.message}`, io);
}

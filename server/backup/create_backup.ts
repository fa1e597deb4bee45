import { createHash } from "node:crypto";
import type { ServerIo } from "../io.ts";
import { writePendingFile } from "./backup_file.ts";
import { dumpDatabase, type DumpSource } from "./dump_database.ts";
import { encryptBackup, type EncryptionChoice } from "./file_encryption.ts";
import type { BackupHeader } from "./format.ts";
import { verifyBackup } from "./verify_backup.ts";

/** A backup that was written. */
export interface CreatedBackup {
  header: BackupHeader;
  bytes: number;
  /** Of the file, as `sha256sum` prints it. */
  sha256: string;
  /**
   * `content`: it was read back, decrypted and compared with the database. `bytes`: it was read
   * back, but only the holder of the private key can decrypt it. `none`: standard output.
   */
  checked: "content" | "bytes" | "none";
}

interface BackupOptions {
  encryption: EncryptionChoice;
  overwrite: boolean;
  onProgress(rows: number, total: number): void;
  signal: AbortSignal;
}

/** Backs up the database to a file, which has its name once it is complete and was read back. */
export async function createBackup(
  source: DumpSource,
  path: string,
  { encryption, overwrite, onProgress, signal }: BackupOptions,
): Promise<CreatedBackup> {
  const { header, file } = await dumpDatabase(source, async (bytes, header) => {
    const encrypted = await encryptBackup(untilInterrupted(bytes, signal), encryption);
    return { header, file: await writePendingFile(path, encrypted, { overwrite }) };
  }, onProgress);
  try {
    const canDecrypt = (encryption.recipients ?? []).length === 0;
    if (canDecrypt) await verifyBackup(file.path, encryption);
    signal.throwIfAborted();
    await file.commit();
    const { bytes, sha256 } = file;
    return { header, bytes, sha256, checked: canDecrypt ? "content" : "bytes" };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Backs up the database to standard output, where it cannot be read back. */
export async function streamBackup(
  source: DumpSource,
  { writeStdout }: Pick<ServerIo, "writeStdout">,
  { encryption, onProgress, signal }: Omit<BackupOptions, "overwrite">,
): Promise<CreatedBackup> {
  return await dumpDatabase(source, async (bytes, header) => {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of await encryptBackup(untilInterrupted(bytes, signal), encryption)) {
      await writeStdout(chunk);
      hash.update(chunk);
      size += chunk.length;
    }
    return { header, bytes: size, sha256: hash.digest("hex"), checked: "none" } as const;
  }, onProgress);
}

async function* untilInterrupted(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    yield chunk;
  }
}

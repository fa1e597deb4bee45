import { openBackupFile } from "./backup_file.ts";
import { decryptBackup, type DecryptionKeys } from "./file_encryption.ts";
import { type BackupHeader, BackupReader } from "./format.ts";

/** Reads a backup completely and checks it, without a database. Throws BackupError. */
export async function verifyBackup(path: string, keys: DecryptionKeys): Promise<BackupHeader> {
  const reader = new BackupReader(await decryptBackup(await openBackupFile(path), keys));
  const pieces = reader.pieces();
  // Each was checked when it is passed on.
  while (!(await pieces.next()).done);
  return await reader.header();
}

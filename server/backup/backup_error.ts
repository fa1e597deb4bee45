export type BackupErrorCode =
  | "not_a_backup"
  | "damaged"
  | "newer"
  | "encrypted" // and there is no passphrase or identity
  | "wrong_key" // of the file
  | "wrong_secret_key"
  | "exists"
  | "file" // cannot be read or written
  | "no_space"
  | "moved"
  | "not_empty"
  | "interrupted"
  | "different";

/** Why a backup could not be written, read, restored or moved. `message` says what to do next. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  constructor(readonly code: BackupErrorCode, message: string) {
    super(message);
  }
}

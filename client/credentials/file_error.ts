/** Errors of the operating system as text. */
const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "there is no space left on the disk",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is not a folder",
  ENOLCK: "the file system does not support locks",
  ENOTSUP: "the file system does not support this",
};

/** Why a file operation failed, without the system's error number where there is a description. */
export function describeFileError(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  return REASONS[code] ?? error.message;
}

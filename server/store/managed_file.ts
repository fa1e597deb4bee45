const PREFIX = "file:";

/** How the database names a file that manages something. */
export function managerOf(file: string): string {
  return `${PREFIX}${file}`;
}

/** The name of the file. */
export function fileOf(manager: string): string {
  return manager.startsWith(PREFIX) ? manager.slice(PREFIX.length) : manager;
}

/** The name of the file that manages something, as operators see it; null: it is managed by hand. */
export function managingFile({ managedBy }: { managedBy?: string }): string | null {
  return managedBy === undefined ? null : fileOf(managedBy);
}

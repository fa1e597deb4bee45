/** Files that a container runtime or the service manager has mounted for one service. */

/** Temporary file systems of the whole machine, where any program may have put a file. */
const SHARED_MOUNTS = [
  "/",
  "/dev",
  "/dev/shm",
  "/run",
  "/run/lock",
  "/run/shm",
  "/tmp",
  "/var/tmp",
];
const MEMORY_FILE_SYSTEMS = ["tmpfs", "ramfs"];

/**
 * Whether a file (by its real path) was mounted for this service: it is a mount itself, as with
 * `docker run -v` and compose secrets, or it is in a file system in memory that was mounted for it, as
 * with secrets of Kubernetes, Swarm and Podman, and systemd's credentials. `mountInfo` is the text of
 * /proc/self/mountinfo (proc(5)).
 */
export function isMountedForService(realPath: string, mountInfo: string): boolean {
  let nearest: { point: string; type: string } | undefined;
  for (const line of mountInfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = unescapeOctal(before.split(" ")[4] ?? "");
    if (after === undefined || !isAtOrBelow(realPath, point)) continue;
    // Of mounts on one place, the last one hides the others.
    if (nearest !== undefined && point.length < nearest.point.length) continue;
    nearest = { point, type: after.split(" ")[0] };
  }
  if (nearest === undefined) return false;
  if (nearest.point === realPath) return true;
  const isShared = SHARED_MOUNTS.includes(nearest.point) || nearest.point.startsWith("/run/user/");
  return MEMORY_FILE_SYSTEMS.includes(nearest.type) && !isShared;
}

function isAtOrBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The kernel writes spaces and the like as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

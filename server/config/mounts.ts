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
  const nearest = nearestMount(realPath, mountInfo);
  if (nearest === undefined) return false;
  if (nearest.point === realPath) return true;
  const isShared = SHARED_MOUNTS.includes(nearest.point) || nearest.point.startsWith("/run/user/");
  return MEMORY_FILE_SYSTEMS.includes(nearest.type) && !isShared;
}

/** What the root of a container is mounted from, in layers. */
const CONTAINER_ROOTS = ["overlay", "fuse.fuse-overlayfs", "aufs"];

/**
 * Whether a folder (by its real path) is in a read-only mount of a container, such as a ConfigMap of
 * Kubernetes, whose folder has the mode 0777: no process in the container can write there, and the
 * users of the host do not reach it.
 */
export function isReadOnlyInContainer(realPath: string, mountInfo: string): boolean {
  const root = nearestMount("/", mountInfo);
  const nearest = nearestMount(realPath, mountInfo);
  return root !== undefined && CONTAINER_ROOTS.includes(root.type) && nearest !== undefined &&
    nearest.point !== "/" && nearest.options.split(",").includes("ro");
}

interface Mount {
  point: string;
  type: string;
  /** Of this mount: `ro,nosuid`. */
  options: string;
}

function nearestMount(realPath: string, mountInfo: string): Mount | undefined {
  let nearest: Mount | undefined;
  for (const line of mountInfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const [, , , , escaped = "", options = ""] = before.split(" ");
    const point = unescapeOctal(escaped);
    if (after === undefined || !isAtOrBelow(realPath, point)) continue;
    // Of mounts on one place, the last one hides the others.
    if (nearest !== undefined && point.length < nearest.point.length) continue;
    nearest = { point, type: after.split(" ")[0], options };
  }
  return nearest;
}

function isAtOrBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The kernel writes spaces and the like as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

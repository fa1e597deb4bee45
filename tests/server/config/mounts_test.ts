import assert from "node:assert/strict";
import { isMountedForService, isReadOnlyInContainer } from "../../../server/config/mounts.ts";

/** The lines of containers and of a host, shortened. */
const MOUNT_INFO = [
  "1 0 0:1 / / rw,relatime - overlay overlay rw",
  "2 1 0:2 / /dev rw,nosuid - tmpfs tmpfs rw",
  "3 1 0:3 / /run rw,nosuid,nodev shared:12 - tmpfs tmpfs rw",
  "4 1 8:1 /home/a/key /run/secrets/compose ro,relatime - ext4 /dev/sda1 rw",
  "5 1 0:5 / /run/secrets/kubernetes.io ro,relatime - tmpfs tmpfs rw",
  "6 1 0:6 / /etc/yourapp/my\\040secrets ro,relatime - tmpfs tmpfs rw",
  "7 3 0:7 / /run/credentials/yourapp.service ro,nosuid shared:20 - ramfs ramfs rw",
  "8 1 8:2 / /data rw,relatime - ext4 /dev/sdb1 rw",
  "9 3 0:9 / /run/user/1000 rw,nosuid - tmpfs tmpfs rw",
  "10 1 0:10 / /hidden rw - tmpfs tmpfs rw",
  "11 1 8:3 / /hidden rw - ext4 /dev/sdc1 rw",
  "",
].join("\n");

Deno.test("recognizes files that were mounted for the service, and no others", () => {
  const mounted = [
    "/run/secrets/compose",
    "/run/secrets/kubernetes.io/..2026/token",
    "/etc/yourapp/my secrets/key",
    "/run/credentials/yourapp.service/secret_key",
  ];
  const others = [
    "/etc/yourapp/key",
    "/run/yourapp/key",
    "/run/secrets/kubernetes.io.bak/key",
    "/dev/shm/key",
    "/data/key",
    "/run/user/1000/key",
    "/hidden/key",
  ];
  for (const path of mounted) assert.equal(isMountedForService(path, MOUNT_INFO), true, path);
  for (const path of others) assert.equal(isMountedForService(path, MOUNT_INFO), false, path);
  assert.equal(isMountedForService("/run/secrets/compose", ""), false);
});

Deno.test("recognizes read-only mounts of a container, whatever their mode", () => {
  const container = [
    "1 0 0:1 / / rw,relatime - overlay overlay rw",
    "2 1 8:1 /var/lib/kubelet/pods/a/config /etc/yourapp ro,relatime - ext4 /dev/sda1 rw",
    "3 1 8:1 /var/lib/kubelet/pods/a/data /data rw,relatime - ext4 /dev/sda1 rw",
  ];
  const check = (path: string, lines: string[]) => isReadOnlyInContainer(path, lines.join("\n"));
  assert.equal(check("/etc/yourapp", container), true);
  assert.equal(check("/etc/yourapp/..2026", container), true);
  assert.equal(check("/data", container), false);
  assert.equal(check("/etc", container), false);
  // systemd mounts folders for a service too, which others reach outside of it.
  const service = ["1 0 8:1 / / ro,relatime - ext4 /dev/sda1 rw", ...container.slice(1)];
  assert.equal(check("/etc/yourapp", service), false);
  assert.equal(check("/etc/yourapp", []), false);
});

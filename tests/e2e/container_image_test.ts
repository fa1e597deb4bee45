/** The image of a release, built by buildah from files of this machine instead of distroless. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import {
  CONTAINER_PLATFORMS,
  containerFiles,
} from "../../tasks/packages/container/container_files.ts";
import { describeProduct } from "../../tasks/packages/description.ts";
import { targetNamed } from "../../tasks/targets.ts";
import { binaryPath, run } from "../support/binary.ts";
import { linuxArchive } from "../support/release_archive.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const { binaryName, folderName, envPrefix } = brand;

async function isInstalled(program: string): Promise<boolean> {
  return await run(["--version"], {}, program).then(({ code }) => code === 0, () => false);
}

const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0 || !await isInstalled("buildah");

/** What distroless/cc has, as far as the program needs it. */
const BASE = `
set -e
mkdir -p base/etc base/tmp shell
cp /bin/busybox shell/
ln -s busybox shell/mkdir
chmod 1777 base/tmp
echo nonroot:x:65532:65532::/home/nonroot:/sbin/nologin >base/etc/passwd
cp --parents -L $(ldd "$1" | grep -o '/[^ ]*') base
c=$(buildah from scratch)
buildah copy -q $c base /
buildah commit -q $c gcr.io/distroless/cc-debian12:nonroot
buildah copy -q $c shell /busybox
buildah commit -q $c gcr.io/distroless/cc-debian12:debug
`;

Deno.test("the image has the program of a release, which runs as another user", {
  ignore,
}, async (t) => {
  await using home = await temporaryHome();
  const { folder } = home;
  const env = {
    ...home.env,
    STORAGE_DRIVER: "vfs",
    BUILDAH_ISOLATION: "chroot",
    CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
  };
  const store = `driver = "vfs"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`;
  await Deno.writeTextFile(env.CONTAINERS_STORAGE_CONF, `[storage]\n${store}`);
  const sh = async (script: string, ...args: string[]) => {
    const command = ["-c", script, "sh", ...args];
    const { code, stdout, stderr } = await run(command, { env, cwd: folder }, "sh");
    assert.equal(code, 0, stdout + stderr);
    return stdout.trim();
  };
  await sh(BASE, binaryPath());
  const target = targetNamed().name;
  const archive = linuxArchive(binaryName, version, target, await Deno.readFile(binaryPath()))
    .map((file) => ({ ...file, name: file.name.slice(file.name.indexOf("/") + 1) }));
  const files = await containerFiles(
    describeProduct(brand, version),
    new Map([[target, archive]]),
  );
  for (const { name, content, executable } of files) {
    const path = join(folder, "context", name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeFile(path, content, { mode: executable ? 0o755 : 0o644 });
  }
  const platform = `linux/${CONTAINER_PLATFORMS[target]}`;
  await sh(`buildah bud -q --format docker --pull-never --platform ${platform} -t image context`);

  await t.step("it has labels, a user, a volume and a health check", async () => {
    const { Docker } = JSON.parse(await sh("buildah inspect --type image image"));
    const { User, Volumes, Labels, Healthcheck, Entrypoint, Cmd } = Docker.config;
    assert.equal(User, "65532:65532");
    assert.deepEqual(Object.keys(Volumes), [`/var/lib/${folderName}`]);
    assert.equal(Labels["org.opencontainers.image.version"], version);
    assert.deepEqual(Healthcheck.Test.slice(1), [`/usr/local/bin/${binaryName}`, "healthcheck"]);
    assert.deepEqual([...Entrypoint, ...Cmd], [`/usr/local/bin/${binaryName}`, "serve"]);
  });

  const container = await sh("buildah from --pull-never image");
  await t.step("the data folder is the user's only", async () => {
    const stat = `stat --format '%a %u:%g' $(buildah mount ${container})/var/lib/${folderName}`;
    assert.equal(await sh(stat), "700 65532:65532");
  });

  await t.step("the server accepts the settings and folders of the image", async () => {
    const settings = [`${envPrefix}_ISSUER=https://auth.example.com`];
    settings.push(`${envPrefix}_TRUSTED_PROXIES=127.0.0.1`);
    const flags = settings.map((setting) => `--env ${setting}`).join(" ");
    const program = `${flags} ${container} -- /usr/local/bin/${binaryName}`;
    assert.equal(
      await sh(`buildah run ${program} --version`),
      (await run(["--version"])).stdout.trim(),
    );
    assert.match(await sh(`buildah run ${program} serve --check`), /0\.0\.0\.0:8787/);
  });
});

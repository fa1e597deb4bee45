/** deb and rpm of another brand, read by dpkg, rpm and lintian. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describeProduct } from "../../../tasks/packages/description.ts";
import { linuxPackages, type ReleaseFile } from "../../../tasks/packages/linux/linux_packages.ts";
import { run } from "../../support/binary.ts";
import { assertGolden } from "../../support/golden.ts";
import { linuxArchive } from "../../support/release_archive.ts";
import { acme } from "../../support/release_server.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const ignore = Deno.build.os !== "linux";
const name = acme.binaryName;
const SECONDS = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
const AMD64 = "x86_64-unknown-linux-gnu";
const ARM64 = "aarch64-unknown-linux-gnu";

function build(target = AMD64, version = "1.2.3"): Promise<ReleaseFile[]> {
  return linuxPackages({
    product: describeProduct(acme, version),
    target,
    archive: linuxArchive(name, version, target),
    seconds: SECONDS,
  });
}

/** Writes the packages, and returns what runs a program in their folder. */
async function written(packages: readonly ReleaseFile[]) {
  const home = await temporaryHome();
  for (const file of packages) {
    await Deno.writeFile(join(home.folder, file.name), file.content);
  }
  return {
    folder: home.folder,
    async output(program: string, ...args: string[]): Promise<string> {
      const env = { ...home.env, TZ: "UTC", LC_ALL: "C.UTF-8" };
      const { code, stdout, stderr } = await run(args, { env, cwd: home.folder }, program);
      assert.equal(code, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
      return stdout;
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

Deno.test("dpkg reads the control data, files and scripts of a deb", { ignore }, async () => {
  await using packages = await written(await build());
  const { folder, output } = packages;
  const deb = `${name}_1.2.3_amd64.deb`;
  const control = await output("dpkg-deb", "--field", deb);
  const contents = (await output("dpkg-deb", "--contents", deb))
    // Sizes.
    .replaceAll(/ +\d+ (?=2026-)/g, " ");
  await output("dpkg-deb", "--raw-extract", deb, "tree");
  const scripts = ["conffiles", "postinst", "prerm", "postrm"]
    .map((file) => `== ${file}\n${Deno.readTextFileSync(join(folder, "tree/DEBIAN", file))}`);
  await assertGolden("packages/deb.txt", [control, contents, ...scripts].join("\n"));
  await output(
    "shellcheck",
    ...["postinst", "prerm", "postrm"].map((file) => `tree/DEBIAN/${file}`),
  );
  // dpkg checks files by them.
  await output("sh", "-c", "cd tree && md5sum --check --quiet DEBIAN/md5sums");
  const installed = ["README.Debian", "copyright"].map((file) => `usr/share/doc/${name}/${file}`);
  const texts = [
    ...installed,
    `usr/lib/systemd/system/${name}.service`,
    `usr/lib/sysusers.d/${name}.conf`,
    `etc/${acme.folderName}/config.toml`,
  ].map((path) => `== ${path}\n${Deno.readTextFileSync(join(folder, "tree", path))}`);
  await assertGolden("packages/installed.txt", texts.join("\n"));
});

Deno.test("rpm reads the header, files and scripts of an rpm, and its digests", {
  ignore,
}, async () => {
  await using packages = await written(await build());
  const { folder, output } = packages;
  const rpm = `${name}-1.2.3-1.x86_64.rpm`;
  const query = (...args: string[]) => output("rpm", "--query", ...args, "--package", rpm);
  const parts = [
    (await query("--info")).replace(/^Size .*\n/m, ""),
    await query(
      "--queryformat",
      "[%{filemodes:perms} %{fileusername}/%{filegroupname} %{fileflags:fflags} %{filenames}\n]",
    ),
    await query("--requires"),
    await query("--recommends"),
    await query("--provides"),
    await query("--scripts"),
  ];
  await assertGolden("packages/rpm.txt", parts.join("\n"));
  assert.match(await output("rpm", "--checksig", rpm), /: digests OK\n$/);
  for (const script of ["prein", "postin", "preun", "postun"]) {
    const text = await output("rpm", "--query", "--queryformat", `%{${script}}`, "--package", rpm);
    await Deno.writeTextFile(join(folder, script), text);
    await output("shellcheck", "--shell", "sh", script);
  }
});

Deno.test("rpm finds a changed payload and a changed header", { ignore }, async () => {
  const [, { name: file, content }] = await build();
  for (const position of [content.length - 20, 2000]) {
    const changed = content.slice();
    changed[position] ^= 1;
    await using packages = await written([{ name: file, content: changed }]);
    await assert.rejects(packages.output("rpm", "--checksig", file));
  }
});

Deno.test("packages are named for the processor, and the same each time", { ignore }, async () => {
  const names = [];
  for (const target of [AMD64, ARM64]) {
    const packages = await build(target);
    assert.deepEqual(await build(target), packages);
    names.push(...packages.map((file) => file.name));
    await using files = await written(packages);
    const [deb, rpm] = packages;
    names.push(
      await files.output("dpkg-deb", "--field", deb.name, "Architecture"),
      await files.output("rpm", "--query", "--queryformat", "%{arch}\n", "--package", rpm.name),
    );
  }
  assert.deepEqual(names, [
    ...["acmectl_1.2.3_amd64.deb", "acmectl-1.2.3-1.x86_64.rpm", "amd64\n", "x86_64\n"],
    ...["acmectl_1.2.3_arm64.deb", "acmectl-1.2.3-1.aarch64.rpm", "arm64\n", "aarch64\n"],
  ]);
  assert.deepEqual(
    await linuxPackages({
      product: describeProduct(acme, "1.2.3"),
      target: "x86_64-apple-darwin",
      archive: [],
      seconds: SECONDS,
    }),
    [],
  );
});

Deno.test("a version before a release is older than the release", { ignore }, async () => {
  await using packages = await written(await build(AMD64, "1.2.3-rc.1"));
  const { output } = packages;
  const version = await output("dpkg-deb", "--field", `${name}_1.2.3-rc.1_amd64.deb`, "Version");
  await output("dpkg", "--compare-versions", version.trim(), "lt", "1.2.3");
  const format = ["--queryformat", "%{version}"];
  const rpm = `${name}-1.2.3-rc.1-1.x86_64.rpm`;
  assert.equal(await output("rpm", "--query", ...format, "--package", rpm), "1.2.3~rc.1");
});

Deno.test("lintian finds no error in a deb", { ignore }, async () => {
  await using packages = await written(await build());
  const options = ["--allow-root", "--fail-on", "error,warning"];
  const { output } = packages;
  assert.equal(await output("lintian", ...options, `${name}_1.2.3_amd64.deb`), "");
});

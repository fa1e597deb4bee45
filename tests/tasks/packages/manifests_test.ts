/** The manifests of a release of another brand. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import { archiveName } from "../../../shared/release.ts";
import { type Brand, describePackage } from "../../../tasks/packages/description.ts";
import { writePackages } from "../../../tasks/packages/write_packages.ts";
import { targets } from "../../../tasks/targets.ts";
import { run } from "../../support/binary.ts";
import { assertGolden } from "../../support/golden.ts";
import { acme } from "../../support/release_server.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const names = targets.map(({ name }) => name);

function description(targetNames = names, changes: Partial<Brand> = {}) {
  const sums = targetNames.map((target, index) =>
    `${String(index).repeat(64)}  ${archiveName("1.2.3", target, "acmectl")}\n`
  );
  return describePackage({
    brand: { ...acme, ...changes },
    version: "1.2.3",
    checksums: sums.join(""),
    targets: names,
  });
}

Deno.test("writes installers and manifests with the names of the brand only", async () => {
  await using home = await temporaryHome();
  const paths = await writePackages(description(), home.folder);
  assert.deepEqual(paths, [
    "install.sh",
    "install.ps1",
    "scoop/acmectl.json",
    "winget/a/acme/acmectl/1.2.3/acme.acmectl.yaml",
    "winget/a/acme/acmectl/1.2.3/acme.acmectl.installer.yaml",
    "winget/a/acme/acmectl/1.2.3/acme.acmectl.locale.en-US.yaml",
    "homebrew/acmectl.rb",
  ]);
  for (const path of paths) {
    const text = await Deno.readTextFile(join(home.folder, path));
    assert.doesNotMatch(text, /@[A-Z_]+@/, path);
    for (const name of [brand.binaryName, brand.productName, brand.release.repository]) {
      assert.ok(!text.includes(name), `${path} has ${name}`);
    }
    // The scripts are long, and other tests run them.
    if (!path.startsWith("install.")) await assertGolden(`packages/${path}`, text);
  }
});

Deno.test("writes only what the release has archives for", async () => {
  await using home = await temporaryHome();
  const linux = description(names.filter((name) => name.includes("linux")));
  assert.deepEqual(await writePackages(linux, home.folder), ["install.sh"]);
});

Deno.test("rejects names that a script or manifest would misread, and a release without archives", () => {
  assert.throws(() => description([]), /no archive/);
  for (const binaryName of ["acme ctl", "acme;ctl", "-acme", "../acme"]) {
    const changes = { binaryName };
    assert.throws(() => description(names, changes), /binaryName/);
  }
  for (const productName of ["Acme\nLogin", 'Acme "Login"', "$(id)"]) {
    const changes = { productName };
    assert.throws(() => description(names, changes), /productName/);
  }
  const release = { ...acme.release, url: "http://example.com" };
  const changes = { release };
  assert.throws(() => description(names, changes), /release\.url/);
});

const hasPowerShell = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":")
  .some((folder) =>
    ["pwsh", "pwsh.exe"].some((name) => {
      try {
        return Deno.statSync(join(folder, name)).isFile;
      } catch {
        return false;
      }
    })
  );

Deno.test("install.ps1 is ASCII, which Windows PowerShell reads without a byte order mark", async () => {
  await using home = await temporaryHome();
  await writePackages(description(), home.folder);
  const text = await Deno.readTextFile(join(home.folder, "install.ps1"));
  assert.doesNotMatch(text, /[^\n\x20-\x7e]/);
});

Deno.test("PowerShell parses install.ps1", { ignore: !hasPowerShell }, async () => {
  await using home = await temporaryHome();
  await writePackages(description(), home.folder);
  const command = "$errors = $null; " +
    "[void][Management.Automation.Language.Parser]::ParseFile($env:SCRIPT, [ref]$null, [ref]$errors); " +
    "$errors | Out-String";
  const env = { ...home.env, SCRIPT: join(home.folder, "install.ps1") };
  const { stdout } = await run(["-NoProfile", "-Command", command], { env }, "pwsh");
  assert.equal(stdout.trim(), "");
});

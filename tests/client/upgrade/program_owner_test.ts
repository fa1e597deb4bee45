/** Which package manager a program belongs to, by its path or by asking. */
import assert from "node:assert/strict";
import { findOwner } from "../../../client/upgrade/program_owner.ts";
import { type MemoryIo, memoryIo } from "../../support/fake_client_io.ts";
import { acme } from "../../support/release_server.ts";

async function advice(path: string, changes: Partial<MemoryIo> = {}, rpmDatabase = "/etc/hosts") {
  const io = memoryIo(changes);
  const program = { name: acme.binaryName, release: acme.release };
  const owner = await findOwner(path, program, io, [rpmDatabase]);
  return owner?.advice.replace(/^Run: /, "");
}

const on = (os: string) => ({ platform: { ...memoryIo().platform, os } });
const printed = (stdout: string) => ({ code: 0, stdout, stderr: "" });

Deno.test("knows package managers by the path of the program", async () => {
  assert.equal(
    await advice("/opt/homebrew/Cellar/acmectl/1.0.0/bin/acmectl", on("darwin")),
    "brew upgrade acmectl",
  );
  assert.equal(
    await advice("/home/linuxbrew/.linuxbrew/Cellar/acmectl/1.0.0/bin/acmectl"),
    "brew upgrade acmectl",
  );
  assert.equal(
    await advice("/nix/store/0abc-acmectl-1.0.0/bin/acmectl"),
    "nix profile upgrade acmectl",
  );
  assert.equal(
    await advice("/usr/lib/node_modules/acmectl/node_modules/@acme/linux-x64/acmectl"),
    "npm install --global acmectl@latest",
  );
  assert.equal(
    await advice("/srv/app/node_modules/@acme/acmectl-linux-x64/bin/acmectl"),
    "npm install --global acmectl@latest",
  );
  assert.equal(
    await advice("/root/.local/share/pnpm/global/5/node_modules/.pnpm/acmectl@1/x/acmectl"),
    "pnpm add --global acmectl@latest",
  );
});

Deno.test("knows those of Windows", async () => {
  const scoop = "C:\\Users\\alice\\scoop\\apps\\acmectl\\1.0.0\\acmectl.exe";
  assert.equal(await advice(scoop, on("windows")), "scoop update acmectl");
  const moved = "D:\\tools\\apps\\acmectl\\1.0.0\\acmectl.exe";
  assert.equal(await advice(moved, on("windows")), undefined);
  assert.equal(
    await advice(moved, { ...on("windows"), env: { SCOOP: "d:\\tools" } }),
    "scoop update acmectl",
  );
  assert.equal(
    await advice(
      "C:\\Users\\alice\\AppData\\Local\\Microsoft\\WinGet\\Packages\\acme.acmectl_x\\acmectl.exe",
      on("windows"),
    ),
    "winget upgrade --id acme.acmectl",
  );
  const own = "C:\\Users\\alice\\AppData\\Local\\Programs\\acmectl\\acmectl.exe";
  assert.equal(await advice(own, on("windows")), undefined);
});

Deno.test("asks dpkg and rpm", async () => {
  const path = "/usr/bin/acmectl";
  assert.equal(
    await advice(path, { endings: { "dpkg-query": printed(`acme-cli:amd64: ${path}\n`) } }),
    "sudo apt-get install --only-upgrade acme-cli",
  );
  assert.match(
    await advice(path, { endings: { rpm: printed("acme-cli") } }) ?? "",
    /^sudo (dnf upgrade|zypper update) acme-cli$/,
  );
  // rpm itself would create a database.
  const rpm = { endings: { rpm: printed("acme-cli") } };
  assert.equal(await advice(path, rpm, "/var/lib/rpm/none"), undefined);
  const unknown = { code: 1, stdout: "", stderr: "no path found" };
  assert.equal(await advice(path, { endings: { "dpkg-query": unknown, rpm: unknown } }), undefined);
  assert.equal(await advice(path), undefined);
});

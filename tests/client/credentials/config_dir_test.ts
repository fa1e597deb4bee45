import assert from "node:assert/strict";
import { join } from "node:path";
import { configFolder } from "../../../client/credentials/config_dir.ts";
import { CredentialStoreError } from "../../../client/credentials/store.ts";
import { brand } from "../../../shared/brand.ts";
import { memoryIo } from "../../support/fake_client_io.ts";

function folderOn(os: string, env: Record<string, string>, homeFolder = "/home/alice"): string {
  return configFolder(
    memoryIo({ env, platform: { os, arch: "x86_64", release: "", homeFolder, programPath: "" } }),
  );
}

Deno.test("uses the configuration folder of the platform", () => {
  const name = brand.folderName;
  assert.equal(folderOn("linux", {}), join("/home/alice/.config", name));
  assert.equal(folderOn("darwin", {}, "/Users/alice"), join("/Users/alice/.config", name));
  assert.equal(folderOn("linux", { XDG_CONFIG_HOME: "/xdg" }), join("/xdg", name));
  assert.equal(folderOn("windows", { APPDATA: "/roaming" }), join("/roaming", name));
});

Deno.test("prefers our own variable", () => {
  const env = { [`${brand.envPrefix}_CONFIG_DIR`]: "/own", XDG_CONFIG_HOME: "/xdg" };
  assert.equal(folderOn("linux", env), "/own");
});

Deno.test("ignores relative folders in the environment", () => {
  const inHome = join("/home/alice/.config", brand.folderName);
  for (const relative of ["", ".", "xdg", "./xdg", "../xdg"]) {
    assert.equal(folderOn("linux", { XDG_CONFIG_HOME: relative }), inHome);
    assert.equal(
      folderOn("windows", { APPDATA: relative }, "/Users/alice"),
      join("/Users/alice/AppData/Roaming", brand.folderName),
    );
  }
});

Deno.test("names our own variable if there is no home folder", () => {
  for (const os of ["linux", "darwin", "windows"]) {
    for (const home of ["", "relative"]) {
      assert.throws(
        () => folderOn(os, { XDG_CONFIG_HOME: "xdg", APPDATA: "roaming" }, home),
        (error) =>
          error instanceof CredentialStoreError &&
          error.message.includes(`${brand.envPrefix}_CONFIG_DIR`),
      );
    }
  }
});

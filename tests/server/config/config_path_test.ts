import assert from "node:assert/strict";
import { platformConfigFile } from "../../../server/config/config_path.ts";
import { brand } from "../../../shared/brand.ts";

Deno.test("the platform's config file is in a folder that only administrators can write", () => {
  const name = brand.folderName;
  assert.equal(platformConfigFile("linux"), `/etc/${name}/config.toml`);
  assert.equal(platformConfigFile("freebsd"), `/etc/${name}/config.toml`);
  assert.equal(
    platformConfigFile("darwin"),
    `/Library/Application Support/${name}/config.toml`,
  );
  assert.equal(
    platformConfigFile("windows", { ProgramFiles: String.raw`D:\Programs` }),
    String.raw`D:\Programs` + `\\${name}\\config.toml`,
  );
});

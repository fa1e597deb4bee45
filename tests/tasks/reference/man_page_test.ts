import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import { writeReferenceFiles } from "../../../tasks/reference/write_reference_files.ts";
import { roffText } from "../../../tasks/reference/roff.ts";
import { run } from "../../support/binary.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const date = "2026-11-27";
const bin = brand.binaryName;

Deno.test("writes manual pages that mandoc accepts", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using home = await temporaryHome();
  const { manPages } = await writeReferenceFiles({ folder: home.folder, date });
  assert.ok(manPages.includes(`man/${bin}.1`));
  assert.ok(manPages.includes(`man/${bin}-admin-user.1`));
  const paths = manPages.map((path) => join(home.folder, path));
  const lint = await run(["-T", "lint", "-W", "warning", ...paths], {}, "mandoc");
  assert.equal(lint.stdout + lint.stderr, "");
  for (const path of paths) {
    const text = await Deno.readTextFile(path);
    const sections = [...text.matchAll(/^\.SH (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(sections.filter((title) => title !== "COMMANDS" && title !== "EXAMPLES"), [
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "OPTIONS",
      "EXIT STATUS",
      "ENVIRONMENT",
      "FILES",
      "SEE ALSO",
    ], path);
    for (const [, page] of text.split(".SH SEE ALSO")[1].matchAll(/\\fB(.+)\\fR\(1\)/g)) {
      assert.ok(manPages.includes(`man/${page.replaceAll("\\-", "-")}.1`), `${path}: ${page}`);
    }
  }
});

Deno.test("writes the completion scripts under the names that shells look for", async () => {
  await using home = await temporaryHome();
  const { completions } = await writeReferenceFiles({ folder: home.folder, date });
  assert.deepEqual(completions, {
    bash: `completions/${bin}.bash`,
    zsh: `completions/_${bin}`,
    fish: `completions/${bin}.fish`,
    powershell: `completions/${bin}.ps1`,
  });
  assert.match(await Deno.readTextFile(join(home.folder, completions.zsh)), /^#compdef /);
});

Deno.test("writes the same files twice, and no trace of this brand for another one", async () => {
  await using home = await temporaryHome();
  const brandFile = join(home.folder, "brand.ts");
  const other = {
    ...brand,
    productName: "Acme Login",
    binaryName: "acmectl",
    envPrefix: "ACME",
    folderName: "acme-login",
    cliClientId: "acmectl",
    keychainService: "acmectl",
    release: { ...brand.release, repository: "acme/acmectl" },
  };
  await Deno.writeTextFile(brandFile, `export const brand = ${JSON.stringify(other)} as const;\n`);
  const [first, second] = [join(home.folder, "1"), join(home.folder, "2")];
  const { manPages } = await writeReferenceFiles({ folder: first, date, brandFile });
  await writeReferenceFiles({ folder: second, date, brandFile });
  assert.ok(manPages.includes("man/acmectl-login.1"));
  const traces = new RegExp(`\\b(${brand.productName}|${brand.envPrefix}_)`, "i");
  for (const path of manPages) {
    const text = await Deno.readTextFile(join(first, path));
    assert.doesNotMatch(text, traces, path);
    assert.equal(await Deno.readTextFile(join(second, path)), text);
  }
});

Deno.test("shows characters that roff would interpret", () => {
  assert.equal(roffText(".profile"), "\\&.profile");
  assert.equal(roffText("C:\\x --flag"), "C:\\ex \\-\\-flag");
  assert.equal(roffText("a…b"), "a\\[u2026]b");
});

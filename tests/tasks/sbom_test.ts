import assert from "node:assert/strict";
import { sbom, sbomFile, type SbomInput } from "../../tasks/release/sbom.ts";
import { schemaErrors } from "../support/sbom_schema.ts";

const input: SbomInput = {
  name: "yourapp",
  version: "1.2.3",
  license: "MIT",
  seconds: Date.UTC(2026, 0, 2, 3, 4, 6) / 1000,
  packages: [
    {
      name: "@a/b",
      version: "1.0.0",
      integrity: `sha512-${btoa("b".repeat(64))}`,
      dependencies: ["c@2.0.0"],
      isDirect: true,
      license: "BSD-3-Clause",
    },
    {
      name: "c",
      version: "2.0.0",
      integrity: `sha512-${btoa("c".repeat(64))}`,
      dependencies: [],
      isDirect: false,
      license: "MIT OR Apache-2.0",
    },
  ],
  software: [
    { name: "Deno", version: "2.9.6", license: "MIT", url: "https://deno.com" },
    { name: "ICU", license: "Unicode-3.0", url: "https://icu.unicode.org" },
  ],
};

Deno.test("the bill of materials is valid by the schema of CycloneDX 1.6", async () => {
  const errors = await schemaErrors();
  assert.equal(errors(JSON.parse(sbom(input))), "");
  const unknownLicense = JSON.parse(sbom({ ...input, license: "not-an-spdx-id" }));
  assert.match(errors(unknownLicense), /license/);
});

Deno.test("the bill of materials names packages with hash, license and dependencies", () => {
  const { metadata, components, dependencies } = JSON.parse(sbom(input));
  assert.equal(metadata.timestamp, "2026-01-02T03:04:06Z");
  assert.equal(metadata.component.purl, "pkg:generic/yourapp@1.2.3");
  assert.deepEqual(components[0], {
    type: "library",
    "bom-ref": "pkg:npm/%40a/b@1.0.0",
    group: "@a",
    name: "b",
    version: "1.0.0",
    hashes: [{ alg: "SHA-512", content: "62".repeat(64) }],
    licenses: [{ license: { id: "BSD-3-Clause" } }],
    purl: "pkg:npm/%40a/b@1.0.0",
  });
  assert.deepEqual(components[1].licenses, [{ expression: "MIT OR Apache-2.0" }]);
  assert.equal(components[3].purl, "pkg:generic/icu");
  assert.deepEqual(dependencies, [
    {
      ref: "pkg:generic/yourapp@1.2.3",
      dependsOn: ["pkg:npm/%40a/b@1.0.0", "pkg:generic/deno@2.9.6", "pkg:generic/icu"],
    },
    { ref: "pkg:npm/%40a/b@1.0.0", dependsOn: ["pkg:npm/c@2.0.0"] },
    { ref: "pkg:npm/c@2.0.0", dependsOn: [] },
  ]);
});

Deno.test("the same release has the same bill of materials, another one another serial number", () => {
  assert.equal(sbom(input), sbom(structuredClone(input)));
  const { serialNumber } = JSON.parse(sbom(input));
  assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  assert.notEqual(JSON.parse(sbom({ ...input, version: "1.2.4" })).serialNumber, serialNumber);
  assert.equal(sbomFile("yourapp", "1.2.3"), "yourapp-1.2.3.cdx.json");
});

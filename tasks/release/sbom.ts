/**
 * The software bill of materials of a release: CycloneDX 1.6
 * (https://cyclonedx.org/docs/1.6/json/). It has the npm packages of the programs for all targets,
 * with the hashes by which deno.lock pins them, and what the programs contain beside them. The same
 * sources give the same bytes.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { BundledPackage } from "./bundled_packages.ts";
import type { EmbeddedSoftware } from "./embedded_software.ts";

export interface SbomInput {
  /** The name and version of the program. */
  name: string;
  version: string;
  license: string;
  /** Of the commit, in seconds. */
  seconds: number;
  packages: readonly Omit<BundledPackage, "folder">[];
  software: readonly Omit<EmbeddedSoftware, "text" | "note">[];
}

export function sbomFile(name: string, version: string): string {
  return `${name}-${version}.cdx.json`;
}

export function sbom({ name, version, license, seconds, packages, software }: SbomInput): string {
  const program = genericPurl(name, version);
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(seconds * 1000).toISOString().replace(".000Z", "Z"),
      component: {
        type: "application",
        "bom-ref": program,
        ...{ name, version, licenses: licenses(license), purl: program },
      },
    },
    components: [...packages.map(packageComponent), ...software.map(softwareComponent)],
    dependencies: [
      {
        ref: program,
        dependsOn: [
          ...packages.filter(({ isDirect }) => isDirect).map(npmPurl),
          ...software.map((embedded) => genericPurl(embedded.name, embedded.version)),
        ],
      },
      ...packages.map((bundled) => ({
        ref: npmPurl(bundled),
        dependsOn: packages
          .filter((other) => bundled.dependencies.includes(`${other.name}@${other.version}`))
          .map(npmPurl),
      })),
    ],
  };
  const { bomFormat, specVersion, ...rest } = document;
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(document))}`;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber, ...rest }, null, 2)}\n`;
}

function packageComponent(bundled: Omit<BundledPackage, "folder">) {
  const { name, version, integrity, license } = bundled;
  const purl = npmPurl(bundled);
  return {
    type: "library",
    "bom-ref": purl,
    ...npmName(name),
    version,
    hashes: [sha512(integrity)],
    ...license === undefined ? {} : { licenses: licenses(license) },
    purl,
  };
}

function softwareComponent({ name, version, license, url }: SbomInput["software"][number]) {
  const purl = genericPurl(name, version);
  return {
    type: name === "Deno" ? "platform" : "library",
    "bom-ref": purl,
    name,
    ...version === undefined ? {} : { version },
    licenses: licenses(license),
    purl,
    externalReferences: [{ type: "website", url }],
  };
}

/** An identifier of SPDX, or an expression of several, such as `MIT OR Apache-2.0`. */
function licenses(license: string) {
  return license.includes(" ") ? [{ expression: license }] : [{ license: { id: license } }];
}

/** Subresource integrity has base64, CycloneDX hexadecimal digits. */
function sha512(integrity: string) {
  const [algorithm, digest] = integrity.split("-", 2);
  if (algorithm !== "sha512") throw new Error(`${integrity} is not a SHA-512 hash`);
  return { alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") };
}

function npmName(fullName: string): { group?: string; name: string } {
  const slash = fullName.indexOf("/");
  if (slash < 0) return { name: fullName };
  return { group: fullName.slice(0, slash), name: fullName.slice(slash + 1) };
}

/** https://github.com/package-url/purl-spec: the @ of a scope is percent-encoded. */
function npmPurl({ name, version }: { name: string; version: string }): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function genericPurl(name: string, version: string | undefined): string {
  const purl = `pkg:generic/${encodeURIComponent(name.toLowerCase())}`;
  return version === undefined ? purl : `${purl}@${version}`;
}

/** A UUID of version 8 (RFC 9562, 5.8) from the content: the same content has the same one. */
function uuidOf(content: string): string {
  const bytes = createHash("sha256").update(content).digest().subarray(0, 16);
  bytes[6] = bytes[6] & 0x0f | 0x80;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  const hex = bytes.toString("hex");
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]]
    .map(([start, end]) => hex.slice(start, end)).join("-");
}

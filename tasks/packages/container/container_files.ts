/**
 * What a container image is built from: the programs of a release, and the last stage of
 * deploy/container/Containerfile, which otherwise compiles the program.
 */
import type { ArchiveFile } from "../../release/archive_file.ts";
import { NOTICES_FILE } from "../../release/third_party_notices.ts";
import type { ProductDescription } from "../description.ts";
import { renameService } from "../linux/service_files.ts";

const source = new URL("../../../deploy/container/Containerfile", import.meta.url);

/** As `docker build --platform linux/NAME` calls the processor of each target. */
export const CONTAINER_PLATFORMS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

/** Distroless with a shell and its tools; the release workflow passes it with its digest. */
const SHELL_IMAGE = "gcr.io/distroless/cc-debian12:debug";

/** Of the Containerfile, whose stages name it. */
const BASE_IMAGE = /^ARG BASE_IMAGE=.+$/m;

/** By target, named below the folder of the archive. */
export type Archives = ReadonlyMap<string, readonly ArchiveFile[]>;

export async function containerFiles(
  product: ProductDescription,
  archives: Archives,
): Promise<ArchiveFile[]> {
  const { binaryName } = product;
  const files: ArchiveFile[] = [{
    name: "Containerfile",
    content: new TextEncoder().encode(await containerfile(product)),
    executable: false,
  }];
  for (const [target, archive] of archives) {
    const platform = CONTAINER_PLATFORMS[target];
    if (platform === undefined) continue;
    for (const name of [binaryName, "LICENSE", NOTICES_FILE]) {
      const file = archive.find((file) => file.name === name);
      if (file === undefined) throw new Error(`The archive of ${target} has no ${name}.`);
      files.push({ ...file, name: `linux/${platform}/${name}` });
    }
  }
  return files;
}

async function containerfile(product: ProductDescription): Promise<string> {
  const { binaryName, folderName, productName, summary, version, license, homepage } = product;
  const text = await Deno.readTextFile(source);
  const [baseImage = "ARG BASE_IMAGE="] = BASE_IMAGE.exec(text) ?? [];
  const stage = renameService(text.slice(text.lastIndexOf("\nFROM ") + 1), product);
  const labels = {
    title: productName,
    description: summary,
    version,
    licenses: license,
    url: homepage,
    source: homepage,
  };
  const program = `COPY --from=build /src/dist/${binaryName} `;
  const data = "COPY --from=build ";
  for (const line of [baseImage, "FROM ${BASE_IMAGE}", program, data]) {
    if (!text.includes(`\n${line}`) && !stage.includes(line)) {
      throw new Error(`${source.pathname} has no line ${line}`);
    }
  }
  const [from, ...lines] = stage
    .replace(program, `COPY --chmod=0755 linux/$TARGETARCH/${binaryName} `)
    .replace(data, "COPY --from=data ")
    .split("\n");
  return [
    `# ${productName} ${version}: the program of the release, on distroless and not as root.`,
    "#",
    `#   docker buildx build --platform linux/amd64,linux/arm64 --tag ${binaryName}:${version} .`,
    `ARG SHELL_IMAGE=${SHELL_IMAGE}`,
    baseImage,
    "",
    "FROM --platform=$BUILDPLATFORM ${SHELL_IMAGE} AS data",
    `RUN ["/busybox/mkdir", "-p", "-m", "0700", "/data/${folderName}"]`,
    "",
    from,
    "# Set by the builder: amd64 or arm64.",
    "ARG TARGETARCH",
    `COPY linux/$TARGETARCH/LICENSE linux/$TARGETARCH/${NOTICES_FILE} /usr/share/doc/${binaryName}/`,
    ...lines.flatMap((line) =>
      line.startsWith("ENTRYPOINT") ? [...labelLines(labels), line] : line
    ),
  ].join("\n");
}

/** Of the image specification: https://github.com/opencontainers/image-spec/blob/main/annotations.md */
function labelLines(labels: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(labels)
    .map(([key, value]) => `org.opencontainers.image.${key}=${JSON.stringify(value)}`);
  return [`LABEL ${lines.join(" \\\n    ")}`];
}

/** Where the files of a release's archive go on Linux. */
import { gzip } from "../../release/tar.ts";
import { type ArchiveFile, sortedByName } from "../../release/archive_file.ts";
import { NOTICES_FILE } from "../../release/third_party_notices.ts";
import type { ProductDescription } from "../description.ts";
import type { PackageFile } from "./package_file.ts";
import { serviceFiles } from "./service_files.ts";

/** The places that differ between the two families of distributions. */
export interface Layout {
  /** The folder of zsh. */
  zsh: string;
  /** The name of the file that says what to do after the installation. */
  readme: string;
  /** What it says about the files that stay. */
  removal: string;
}

/** `archive` has the files of the target's archive, named below its folder. */
export async function packageFiles(
  product: ProductDescription,
  archive: readonly ArchiveFile[],
  { zsh, readme, removal }: Layout,
): Promise<PackageFile[]> {
  const { binaryName, folderName } = product;
  const contentOf = (name: string) => {
    const file = archive.find((file) => file.name === name);
    if (file === undefined) throw new Error(`The archive has no ${name}.`);
    return file.content;
  };
  const file = (path: string, content: Uint8Array | string, more?: Partial<PackageFile>) => ({
    path,
    content: typeof content === "string" ? new TextEncoder().encode(content) : content,
    mode: 0o644,
    ...more,
  });
  const { unit, user, config } = await serviceFiles(product);
  const group = binaryName;
  const doc = `/usr/share/doc/${binaryName}/`;
  const documentation = { kind: "documentation" } as const;
  const completions = {
    [`/usr/share/bash-completion/completions/${binaryName}`]: `${binaryName}.bash`,
    [`${zsh}_${binaryName}`]: `_${binaryName}`,
    [`/usr/share/fish/vendor_completions.d/${binaryName}.fish`]: `${binaryName}.fish`,
  };
  const manPages = archive.filter(({ name }) => name.startsWith("man/"));
  return [
    file(`/usr/bin/${binaryName}`, contentOf(binaryName), { mode: 0o755 }),
    ...Object.entries(completions).map(([path, name]) =>
      file(path, contentOf(`completions/${name}`))
    ),
    ...sortedByName(manPages).map(({ name, content }) =>
      file(`/usr/share/man/man1/${name.slice("man/".length)}.gz`, gzip(content), documentation)
    ),
    file(doc, "", { mode: 0o755, ...documentation }),
    file(`${doc}LICENSE`, contentOf("LICENSE"), documentation),
    file(`${doc}${NOTICES_FILE}`, contentOf(NOTICES_FILE), documentation),
    file(`${doc}${readme}`, await readmeText(product, removal), documentation),
    file(`/usr/lib/systemd/system/${binaryName}.service`, unit),
    file(`/usr/lib/sysusers.d/${binaryName}.conf`, user),
    // Secrets may be in it: only root writes, and only the server reads. docs/configuration.md
    file(`/etc/${folderName}/`, "", { mode: 0o750, group }),
    file(`/etc/${folderName}/config.toml`, config, { mode: 0o640, group, kind: "configuration" }),
    file(`/var/lib/${folderName}/`, "", { mode: 0o700, owner: binaryName, group }),
  ];
}

async function readmeText(product: ProductDescription, removal: string): Promise<string> {
  const text = await Deno.readTextFile(new URL("README", import.meta.url));
  return fill(text.replace("@REMOVAL@", removal), product);
}

/** Replaces `@NAME@` and others by what `describeProduct` has checked. */
export function fill(text: string, product: ProductDescription): string {
  const values: Record<string, string> = {
    NAME: product.binaryName,
    PRODUCT: product.productName,
    FOLDER: product.folderName,
    PREFIX: product.envPrefix,
    HOMEPAGE: product.homepage,
  };
  return text.replaceAll(/@([A-Z]+)@/g, (placeholder, key: string) => {
    if (!Object.hasOwn(values, key)) throw new Error(`${placeholder} has no value.`);
    return values[key];
  });
}

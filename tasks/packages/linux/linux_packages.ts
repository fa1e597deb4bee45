/** Packages for Debian, Ubuntu, Fedora, RHEL, openSUSE and their relatives. */
import { archiveFolder } from "../../../shared/release.ts";
import type { ArchiveFile } from "../../release/archive_file.ts";
import type { ProductDescription } from "../description.ts";
import { fill, type Layout, packageFiles } from "./contents.ts";
import { deb, DEB_ARCHITECTURES, type DebScripts } from "./deb.ts";
import { debFiles } from "./deb_files.ts";
import type { LinuxPackage, PackageFile } from "./package_file.ts";
import { rpm, RPM_ARCHITECTURES, RPM_RELEASE, type RpmScripts } from "./rpm.ts";

export interface ReleaseFile {
  name: string;
  content: Uint8Array;
}

export interface LinuxPackagesOptions {
  product: ProductDescription;
  /** As `Deno.build.target` names it. */
  target: string;
  /** The files of the target's archive, in its folder. */
  archive: readonly ArchiveFile[];
  /** Of the files. */
  seconds: number;
}

/** The oldest C library with what Deno's runtime calls. */
const GLIBC = "2.27";

/** For certificates of an authority that only this machine trusts. */
const RECOMMENDS = ["ca-certificates"];

const DEBIAN: Layout = {
  zsh: "/usr/share/zsh/vendor-completions/",
  readme: "README.Debian",
  removal: 'Purging it ("apt purge @NAME@") deletes both, and the user of the service.',
};

const RED_HAT: Layout = {
  zsh: "/usr/share/zsh/site-functions/",
  readme: "README",
  removal: "Delete both, and the user @NAME@, by hand.",
};

/** None for a target that has no Linux with glibc. */
export async function linuxPackages(options: LinuxPackagesOptions): Promise<ReleaseFile[]> {
  if (DEB_ARCHITECTURES[options.target] === undefined) return [];
  return [await debPackage(options), await rpmPackage(options)];
}

export async function debPackage(options: LinuxPackagesOptions): Promise<ReleaseFile> {
  const { product, target, seconds } = options;
  const archive = withoutFolder(options);
  const files = await packageFiles(product, archive, DEBIAN);
  const scripts: DebScripts = {
    postinst: fill(
      (await script("deb.postinst")).replace("@OWNERS@\n", ownerCommands(files)),
      product,
    ),
    postrm: fill(await script("deb.postrm"), product),
    prerm: fill(await script("deb.prerm"), product),
  };
  const { binaryName, version } = product;
  return {
    name: `${binaryName}_${version}_${DEB_ARCHITECTURES[target]}.deb`,
    content: deb(
      describe(options, [...files, ...debFiles(product, archive, seconds)]),
      scripts,
      { depends: [`libc6 (>= ${GLIBC})`, "libgcc-s1"], recommends: RECOMMENDS },
    ),
  };
}

/** Gives files to the users that they belong to, unless the administrator chose others. */
function ownerCommands(files: readonly PackageFile[]): string {
  return files.filter(({ owner, group }) => owner !== undefined || group !== undefined)
    .map(({ path, owner = "root", group = "root" }) => {
      const name = path.replace(/\/$/, "");
      return `  dpkg-statoverride --list ${name} >/dev/null || chown ${owner}:${group} ${name}\n`;
    }).join("");
}

export async function rpmPackage(options: LinuxPackagesOptions): Promise<ReleaseFile> {
  const { product, target } = options;
  const { binaryName, version } = product;
  const files = await packageFiles(product, withoutFolder(options), RED_HAT);
  const text = async (name: keyof RpmScripts) => fill(await script(`rpm.${name}`), product);
  const scripts: RpmScripts = {
    pre: await text("pre"),
    post: await text("post"),
    preun: await text("preun"),
    postun: await text("postun"),
  };
  return {
    name: `${binaryName}-${version}-${RPM_RELEASE}.${RPM_ARCHITECTURES[target].name}.rpm`,
    content: rpm(describe(options, files), scripts, {
      requires: [`libc.so.6(GLIBC_${GLIBC})(64bit)`, "libgcc_s.so.1()(64bit)"],
      requiresForPre: ["/usr/bin/getent", "/usr/sbin/groupadd", "/usr/sbin/useradd"],
      recommends: RECOMMENDS,
    }),
  };
}

function withoutFolder({ product, target, archive }: LinuxPackagesOptions): ArchiveFile[] {
  const folder = `${archiveFolder(product.version, target, product.binaryName)}/`;
  return archive.map((file) => {
    if (!file.name.startsWith(folder)) throw new Error(`${file.name} is not in ${folder}.`);
    return { ...file, name: file.name.slice(folder.length) };
  });
}

function describe(
  { product, target, seconds }: LinuxPackagesOptions,
  files: readonly PackageFile[],
): LinuxPackage {
  const { binaryName, version, summary, license, homepage, maintainer } = product;
  return {
    name: binaryName,
    version,
    summary,
    description: [
      "Users log in with a browser, scripts and agents get short-lived tokens, and\n" +
      "APIs check them. One program is both the server and its command line.",
      "Installing it starts no server and opens no port.",
    ],
    license,
    homepage,
    maintainer,
    target,
    files,
    seconds,
  };
}

async function script(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`scripts/${name}`, import.meta.url));
}

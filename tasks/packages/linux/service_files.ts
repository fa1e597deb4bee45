/** The systemd service of deploy/systemd, as a package installs it. */
import { brand as ownBrand } from "../../../shared/brand.ts";
import type { ProductDescription } from "../description.ts";

const source = new URL("../../../deploy/systemd/", import.meta.url);

/** Names of the product. The user and the service are called as the program. */
type Names = Pick<ProductDescription, "binaryName" | "envPrefix" | "folderName">;

export interface ServiceFiles {
  unit: string;
  /** For sysusers.d: the system user. */
  user: string;
  /** The config file to start from. */
  config: string;
}

export async function serviceFiles(names: Names): Promise<ServiceFiles> {
  const read = async (name: string) =>
    renameService(await Deno.readTextFile(new URL(name, source)), names);
  return {
    unit: (await read(`${ownBrand.binaryName}.service`))
      // How to install it by hand.
      .replace(/^#.*\n/, "")
      .replaceAll("/usr/local/bin/", "/usr/bin/")
      .replace(/^Documentation=.*$/m, `Documentation=man:${names.binaryName}-serve(1)`),
    user: (await read("sysusers.conf")).replace(/^#.*\n/, ""),
    config: await read("config.toml"),
  };
}

/** deploy/ has the names of this repository; its folders are called as the program. */
export function renameService(text: string, names: Names): string {
  const { binaryName, envPrefix } = ownBrand;
  const own = new RegExp(
    `(/etc/|/var/lib/|Directory=)${binaryName}\\b|${binaryName}|${envPrefix}`,
    "g",
  );
  return text.replaceAll(own, (match, folder?: string) => {
    if (folder !== undefined) return folder + names.folderName;
    return match === envPrefix ? names.envPrefix : names.binaryName;
  });
}

import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { lineEdit } from "../edit/line_edit.ts";
import { originOf } from "../host_list.ts";
import { foreignSetting, requirePlainPath, type Tool } from "../tool.ts";

export const bazel: Tool = {
  name: "bazel",
  perHost: true,
  plan({ home, hosts, binFolder }) {
    const path = join(home, ".bazelrc");
    const name = `bazel-credential-${brand.binaryName}`;
    const helper = requirePlainPath(join(binFolder, name), "Bazel");
    // Bazel's patterns have no port.
    const domains = [...new Set(hosts.map((entry) => new URL(originOf(entry)).hostname))];
    const check = (text: string) => {
      const domain = domains.find((domain) => text.includes(`--credential_helper=${domain}=`));
      if (domain !== undefined) throw foreignSetting(path, `a credential helper for ${domain}`);
    };
    const lines = domains.map((domain) => `common --credential_helper=${domain}=${helper}`);
    return Promise.resolve({
      edits: [lineEdit({ path, name: "bazel", check, lines, place: "end" })],
      links: [{ folder: binFolder, name }],
    });
  },
};

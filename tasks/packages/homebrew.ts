/** A formula for a tap of Homebrew, with the programs for macOS and Linux. */
import { archiveFor, type PackageDescription } from "./description.ts";

/** As Homebrew names systems and processors, and the target of each. */
const SYSTEMS = {
  macos: { arm: "aarch64-apple-darwin", intel: "x86_64-apple-darwin" },
  linux: { arm: "aarch64-unknown-linux-gnu", intel: "x86_64-unknown-linux-gnu" },
};

export const HOMEBREW_TARGETS: readonly string[] = Object.values(SYSTEMS).flatMap(Object.values);

export function homebrewFormula(description: PackageDescription): string {
  const { binaryName, summary, homepage, version, license } = description;
  const systems = Object.entries(SYSTEMS).map(([system, processors]) => {
    const downloads = Object.entries(processors).map(([processor, target]) => {
      const { url, sha256 } = archiveFor(description, target);
      return `    on_${processor} do
      url "${url}"
      sha256 "${sha256}"
    end
`;
    });
    return `  on_${system} do\n${downloads.join("")}  end\n`;
  });
  return `class ${formulaClass(binaryName)} < Formula
  desc "${summary}"
  homepage "${homepage}"
  version "${version}"
  license "${license}"

${systems.join("\n")}
  def install
    bin.install "${binaryName}"
    generate_completions_from_executable(bin/"${binaryName}", "completion")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/${binaryName} --version")
  end
end
`;
}

/** Homebrew finds the class by the file's name: `my-ctl.rb` has `MyCtl`. */
function formulaClass(binaryName: string): string {
  return binaryName.split("-").map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}

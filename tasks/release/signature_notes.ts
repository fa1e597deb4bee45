/** The section of the notes that says whose signature the programs have. */
import type { Executable } from "./executable.ts";

export interface PackedProgram {
  /** As `Deno.build.target` names it. */
  target: string;
  executable: Executable;
}

/** "" for a release with programs for Linux only, which have no signatures. */
export function signatureNotes(programs: readonly PackedProgram[]): string {
  const lines: string[] = [];
  const isSigned = (format: Executable["format"]) => {
    const ofFormat = programs.filter(({ executable }) => executable.format === format);
    if (ofFormat.length === 0) return undefined;
    return ofFormat.every(({ executable }) => executable.signature === "certificate");
  };
  const mac = isSigned("Mach-O");
  if (mac === true) {
    lines.push("- The programs for macOS are signed with a Developer ID and notarized by Apple.");
  } else if (mac === false) {
    lines.push(
      "- **The programs for macOS are not signed.** macOS does not open a copy that was downloaded " +
        "with a browser (`install.sh` and Homebrew are not affected), and the Keychain asks again " +
        "after each upgrade.",
    );
  }
  const windows = isSigned("PE");
  if (windows === true) lines.push("- The program for Windows has an Authenticode signature.");
  else if (windows === false) {
    lines.push(
      "- **The program for Windows is not signed.** SmartScreen warns about a copy that was " +
        "downloaded with a browser.",
    );
  }
  return lines.length === 0 ? "" : `### Signatures\n\n${lines.join("\n")}\n`;
}

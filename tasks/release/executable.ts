/**
 * The headers of a compiled program or add-on: the system and processor that it is for, and whether
 * it is signed. ELF has no signatures.
 */
import { Buffer } from "node:buffer";

/** "ad hoc": the linker's checksums, which macOS demands on ARM, without a name. */
export type Signature = "none" | "ad hoc" | "certificate";

export interface Executable {
  format: "ELF" | "Mach-O" | "PE";
  processor: "x86_64" | "aarch64";
  signature: Signature;
  /** On macOS: the name by which the system knows a signed program in all its versions. */
  identifier?: string;
  /** On macOS: the hardened runtime, which notarization demands. */
  isHardened?: boolean;
}

/** By `e_machine` of ELF, `cputype` of Mach-O and `Machine` of PE. */
const PROCESSORS = {
  ELF: new Map<number, Executable["processor"]>([[0x3e, "x86_64"], [0xb7, "aarch64"]]),
  "Mach-O": new Map<number, Executable["processor"]>([
    [0x01000007, "x86_64"],
    [0x0100000c, "aarch64"],
  ]),
  PE: new Map<number, Executable["processor"]>([[0x8664, "x86_64"], [0xaa64, "aarch64"]]),
};

/** Throws for what is not a 64-bit little-endian file of these formats. */
export function inspectExecutable(content: Uint8Array): Executable {
  const file = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (file.length > 64 && file.readUInt32BE(0) === 0x7f454c46) return inspectElf(file);
  if (file.length > 32 && file.readUInt32LE(0) === 0xfeedfacf) return inspectMachO(file);
  if (file.length > 64 && file.toString("latin1", 0, 2) === "MZ") return inspectPe(file);
  throw new Error("This is not a program in the formats ELF, Mach-O or PE.");
}

function inspectElf(file: Buffer): Executable {
  return {
    format: "ELF",
    processor: processor("ELF", file.readUInt16LE(18)),
    signature: "none",
  };
}

const LC_CODE_SIGNATURE = 0x1d;

function inspectMachO(file: Buffer): Executable {
  const executable = {
    format: "Mach-O",
    processor: processor("Mach-O", file.readUInt32LE(4)),
  } as const;
  let position = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    if (file.readUInt32LE(position) === LC_CODE_SIGNATURE) {
      const start = file.readUInt32LE(position + 8);
      const end = start + file.readUInt32LE(position + 12);
      return { ...executable, ...readCodeSignature(file.subarray(start, end)) };
    }
    position += file.readUInt32LE(position + 4);
  }
  return { ...executable, signature: "none" };
}

/** Of Apple's cs_blobs.h, all in big endian. */
const CODE_DIRECTORY = { magic: 0xfade0c02, adHoc: 0x2, hardened: 0x10000 };
const CMS_SIGNATURE = { magic: 0xfade0b01, headerLength: 8 };

function readCodeSignature(
  blob: Buffer,
): Pick<Executable, "signature" | "identifier" | "isHardened"> {
  let signature: Signature = "none";
  let identifier: string | undefined;
  let isHardened = false;
  const count = blob.readUInt32BE(8);
  for (let index = 0; index < count; index++) {
    const part = blob.subarray(blob.readUInt32BE(12 + 8 * index + 4));
    const magic = part.readUInt32BE(0);
    if (magic === CMS_SIGNATURE.magic && part.readUInt32BE(4) > CMS_SIGNATURE.headerLength) {
      signature = "certificate";
    }
    if (magic !== CODE_DIRECTORY.magic) continue;
    const flags = part.readUInt32BE(12);
    if (signature === "none" && (flags & CODE_DIRECTORY.adHoc) !== 0) signature = "ad hoc";
    isHardened = (flags & CODE_DIRECTORY.hardened) !== 0;
    const name = part.readUInt32BE(20);
    identifier = part.toString("utf8", name, part.indexOf(0, name));
  }
  return { signature, identifier, isHardened };
}

/** The entry of a PE32+ header for the table of certificates. */
const PE_CERTIFICATES = { header: 24 + 112 + 4 * 8, magic: 0x20b };

function inspectPe(file: Buffer): Executable {
  const header = file.readUInt32LE(0x3c);
  if (file.toString("latin1", header, header + 4) !== "PE\0\0") throw new Error("No PE header.");
  if (file.readUInt16LE(header + 24) !== PE_CERTIFICATES.magic) throw new Error("Not PE32+.");
  const size = file.readUInt32LE(header + PE_CERTIFICATES.header + 4);
  return {
    format: "PE",
    processor: processor("PE", file.readUInt16LE(header + 4)),
    signature: size === 0 ? "none" : "certificate",
  };
}

function processor(format: Executable["format"], code: number): Executable["processor"] {
  const name = PROCESSORS[format].get(code);
  if (name === undefined) throw new Error(`${format} for another processor: ${code.toString(16)}`);
  return name;
}

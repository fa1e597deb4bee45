/** A zip whose bytes depend only on the files (PKWARE's APPNOTE.TXT, 4.3). */
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";
import type { ArchiveFile } from "./archive_file.ts";

const VERSION = 20;
const DEFLATE = 8;
/** Names are UTF-8. */
const FLAGS = 0x800;
/** Unix as the origin, so that the upper half of the attributes is a mode. */
const UNIX = 3 << 8;

export function zip(files: readonly ArchiveFile[], seconds: number): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, content, executable } of files) {
    const nameBytes = Buffer.from(name);
    const packed = deflateRawSync(content, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(FLAGS, 2);
    common.writeUInt16LE(DEFLATE, 4);
    common.writeUInt32LE(dosTime(seconds), 6);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(((0o100000 | (executable ? 0o755 : 0o644)) << 16) >>> 0, 6);
    end.writeUInt32LE(offset, 10);
    const entry = [Buffer.from("PK\x03\x04", "latin1"), common, nameBytes, packed];
    central.push(
      Buffer.from("PK\x01\x02", "latin1"),
      Buffer.from([VERSION, UNIX >> 8]),
      common,
      end,
      nameBytes,
    );
    local.push(...entry);
    offset += entry.reduce((total, { length }) => total + length, 0);
  }
  const size = central.reduce((total, { length }) => total + length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, ...central, end]);
}

/** MS-DOS date and time, in UTC. */
function dosTime(seconds: number): number {
  const date = new Date(seconds * 1000);
  const day = (date.getUTCFullYear() - 1980) << 9 | (date.getUTCMonth() + 1) << 5 |
    date.getUTCDate();
  const time = date.getUTCHours() << 11 | date.getUTCMinutes() << 5 | date.getUTCSeconds() >> 1;
  return (day << 16 | time) >>> 0;
}

/** The archive in an RPM: cpio in its "new" format (cpio(5)). */
import { Buffer } from "node:buffer";

export interface CpioEntry {
  name: string;
  content: Uint8Array;
  /** With the type of the file. */
  mode: number;
  inode: number;
  seconds: number;
}

export function cpio(entries: readonly CpioEntry[]): Uint8Array {
  const trailer = { name: "TRAILER!!!", content: new Uint8Array(), mode: 0, inode: 0, seconds: 0 };
  return Buffer.concat([...entries, trailer].flatMap((entry) => {
    const { name, content } = entry;
    const head = Buffer.from(`${header(entry)}${name}\0`);
    return [head, padding(head.length), content, padding(content.length)];
  }));
}

/** Names and contents start at multiples of four. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - length % 4) % 4);
}

/** Owners are those in the header of the RPM. */
function header({ name, content, mode, inode, seconds }: CpioEntry): string {
  const links = name === "TRAILER!!!" ? 0 : 1;
  const fields = [
    ...[inode, mode, 0, 0, links, seconds, content.length],
    // Devices.
    ...[0, 0, 0, 0],
    // Of the name, with the zero byte after it, and a checksum that is not used.
    ...[Buffer.byteLength(name) + 1, 0],
  ];
  return `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
}

// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno run --allow-read --allow-write tasks/common_passwords.ts LIST`: writes
 * server/security/common_passwords.txt from a list with one password a line. Of SecLists
 * (MIT License), Passwords/Common-Credentials/10-million-password-list-top-1000000.txt.
 */
import { Buffer } from "node:buffer";
import { commonPasswordPrefix } from "../server/security/common_passwords.ts";
import { MIN_PASSWORD_LENGTH } from "../server/security/password_rules.ts";

const [path] = Deno.args;
const lines = (await Deno.readTextFile(path)).split(/\r?\n/);
const long = lines.filter((line) => [...line].length >= MIN_PASSWORD_LENGTH);
const sorted = [...new Set(long.map(commonPasswordPrefix))].sort((a, b) => a - b);
const bytes: number[] = [];
let previous = 0;
for (const prefix of sorted) {
  let difference = prefix - previous;
  previous = prefix;
  while (difference >= 128) {
    bytes.push(128 + difference % 128);
    difference = Math.floor(difference / 128);
  }
  bytes.push(difference);
}
const file = new URL("../server/security/common_passwords.txt", import.meta.url);
await Deno.writeTextFile(file, Buffer.from(bytes).toString("base64"));
console.log(`${sorted.length} passwords in ${bytes.length} bytes`);

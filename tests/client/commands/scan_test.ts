import { strict as assert } from "node:assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { scan, type ScanOptions } from "../../../client/commands/scan.ts";
import { runCommand } from "../../../client/run.ts";
import { streamProgram } from "../../../client/process/stream.ts";
import { runProgram } from "../../../client/process/process_io.ts";
import { generatePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";
import { generateRefreshToken } from "../../../server/tokens/refresh_token.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type ClientHome, clientHome } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const token = generatePersonalAccessToken();
const prefix = token.slice(0, 12);

async function run(io: MemoryIo, paths: string[], options: ScanOptions = {}): Promise<number> {
  io.out = "";
  io.err = "";
  const code = await runCommand(io, (io) => scan(paths, options, io));
  assert.ok(!`${io.out}${io.err}`.includes(token), "the whole token was shown");
  return code;
}

async function write(home: ClientHome, name: string, content: string | Uint8Array) {
  const path = join(home.folder, name);
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeFile(path, typeof content === "string" ? Buffer.from(content) : content);
  return path;
}

Deno.test("prints the prefix and the place of a token in a file, and exits with 1", async () => {
  await using home = await clientHome();
  const { io } = home;
  const path = await write(home, "deep/er/.env", `A=1\nTOKEN=${token}\n`);
  await write(home, "clean.txt", "nothing here\n");
  assert.equal(await run(io, [home.folder]), EXIT.failure);
  assert.equal(io.out, `${path}:2:7: personal access token ${prefix}…\n`);
  assert.match(io.err, /^1 token in 2 files\. .*--revoke\.\n$/);
  assert.equal(await run(io, [path], { json: true }), EXIT.failure);
  assert.deepEqual(JSON.parse(io.out).findings, [
    {
      ...{ kind: "personal_access_token", prefix },
      ...{ commit: null, path, line: 2, column: 7, revoked: null },
    },
  ]);
  assert.equal(await run(io, [join(home.folder, "clean.txt")]), EXIT.ok);
  assert.equal(io.out, "");
});

Deno.test("shows its progress on a terminal until it is done", async () => {
  await using home = await clientHome();
  const { io } = home;
  for (const name of ["a", "b", "c"]) await write(home, name, "x".repeat(1500));
  // Each look at the clock is a second later.
  const slow = () => Object.assign(io.clock, { now: () => start += 1000 });
  let start = 0;
  slow();
  await run(io, [home.folder]);
  assert.doesNotMatch(io.err, /Scanning/);
  io.stderrIsTerminal = true;
  await run(io, [home.folder]);
  const progress = io.err.replaceAll("\r", "<").replaceAll("\x1b[K", ">");
  assert.ok(progress.startsWith("<Scanning… 1 file><Scanning… 1 file, 2 kB>"), progress);
  assert.ok(progress.endsWith("<Scanning… 3 files, 5 kB><>No tokens in 3 files.\n"), progress);
  io.stdin = "y".repeat(2_500_000);
  await run(io, [], { stdin: true });
  assert.ok(io.err.endsWith("\rScanning… 2.5 MB\x1b[K\r\x1b[KNo tokens in standard input.\n"));
  io.env.TERM = "dumb";
  await run(io, [home.folder]);
  assert.doesNotMatch(io.err, /Scanning/);
});

Deno.test("skips version control folders, links and binary files", async () => {
  await using home = await clientHome();
  const { io } = home;
  await write(home, ".git/objects/x", token);
  await write(home, "image.png", Buffer.concat([Buffer.from([1, 0, 2]), Buffer.from(token)]));
  const outside = await Deno.makeTempFile();
  await Deno.writeTextFile(outside, token);
  await Deno.symlink(outside, join(home.folder, "link"));
  assert.equal(await run(io, [home.folder]), EXIT.ok);
  assert.match(io.err, /in 0 files, 1 binary/);
  assert.equal(await run(io, [home.folder], { binary: true }), EXIT.failure);
  assert.match(io.out, /image\.png:1:4: /);
  assert.equal(await run(io, [join(home.folder, "link")]), EXIT.failure);
  await Deno.remove(outside);
});

Deno.test("scans a file of Windows PowerShell, and a large file", async () => {
  await using home = await clientHome();
  const { io } = home;
  await write(home, "wide.txt", Buffer.from(`\ufeffone\r\n${token}\r\n`, "utf16le"));
  assert.equal(await run(io, [home.folder]), EXIT.failure);
  assert.match(io.out, /wide\.txt:2:1: /);
  const line = `${"x".repeat(99)}\n`;
  const border = 1024 * 1024;
  const before = line.repeat(border / 100).padEnd(border - 20, "-");
  const path = await write(home, "large.txt", `${before}\n${token}\n${line}`);
  assert.equal(await run(io, [path]), EXIT.failure);
  const lines = before.split("\n").length + 1;
  assert.equal(io.out, `${path}:${lines}:1: personal access token ${prefix}…\n`);
});

/** How a text with a token may be written down. */
function encodings(text: string): Record<string, Uint8Array> {
  const wide = (bytes: number, littleEndian: boolean, mark = "") => {
    const characters = [...mark + text];
    const view = new DataView(new ArrayBuffer(characters.length * bytes));
    characters.forEach((character, index) => {
      const code = character.codePointAt(0)!;
      if (bytes === 2) view.setUint16(index * 2, code, littleEndian);
      else view.setUint32(index * 4, code, littleEndian);
    });
    return new Uint8Array(view.buffer);
  };
  const plain = Buffer.from(text);
  const [le, be] = [wide(2, true), wide(2, false)];
  const [markedLe, markedBe] = [wide(2, true, "\ufeff"), wide(2, false, "\ufeff")];
  const clean = Buffer.from("\ufeffclean\n", "utf16le");
  return {
    "8-bit": plain,
    "8-bit between zeros": Buffer.concat([Buffer.from("a\0"), plain, Buffer.from("\0b")]),
    "8-bit after a byte order mark of UTF-16": Buffer.concat([clean, plain]),
    "8-bit after a mark, at an odd offset": Buffer.concat([clean, Buffer.from([10]), plain]),
    "UTF-16LE with a mark": markedLe,
    "UTF-16BE with a mark": markedBe,
    "UTF-16LE": le,
    "UTF-16BE": be,
    "UTF-16LE at an odd offset": Buffer.concat([Buffer.from([7]), le]),
    "UTF-16BE at an odd offset": Buffer.concat([Buffer.from([7]), be]),
    "UTF-16LE after text": Buffer.concat([Buffer.from("x".repeat(10_001)), le]),
    "UTF-16BE after text": Buffer.concat([Buffer.from("x".repeat(10_001)), be]),
    "UTF-16BE after a mark of UTF-16LE": Buffer.concat([clean, be]),
    "UTF-32LE with a mark": wide(4, true, "\ufeff"),
    "UTF-32BE": wide(4, false),
  };
}

Deno.test("finds a token in every encoding: in files, pipes, standard input and git", async () => {
  for (const [name, bytes] of Object.entries(encodings(`x\n ${token}\ny`))) {
    await using home = await repository({
      stdinBytes: () => new Blob([new Uint8Array(bytes)]).stream(),
    });
    const { io, git } = home;
    const assertFinding = async (channel: string, paths: string[], options: ScanOptions) => {
      assert.equal(await run(io, paths, options), EXIT.failure, `${name}, ${channel}: ${io.err}`);
      assert.equal(io.out.split("\n").length, 2, `${name}, ${channel}: ${io.out}`);
    };
    const path = await write(home, "file", bytes);
    await assertFinding("file", [path], { binary: true });
    await assertFinding("folder", [home.folder], { binary: true });
    await assertFinding("input", [], { stdin: true });
    await git("init", "--quiet");
    await git("add", ".");
    await assertFinding("staged", [], { staged: true });
    if (Deno.build.os === "windows") continue;
    const pipe = join(home.folder, "pipe");
    assert.ok(await runProgram("mkfifo", [pipe], 10_000));
    await Promise.all([assertFinding("pipe", [pipe], {}), Deno.writeFile(pipe, bytes)]);
  }
});

Deno.test("reports lines and columns of the text, in either byte order", async () => {
  // Half of the character 上 (U+4E0A) is a newline's byte.
  const text = `上上\n上\n 上${token}\n`;
  const swapped = Buffer.from(`\ufeff${text}`, "utf16le").swap16();
  const files: [string, Uint8Array, string][] = [
    ["le", Buffer.from(`\ufeff${text}`, "utf16le"), "3:5"],
    ["be", swapped, "3:5"],
    ["bare-le", Buffer.from(`a\n ${token}`, "utf16le"), "2:2"],
    ["bare-be", Buffer.from(`a\n ${token}`, "utf16le").swap16(), "2:2"],
    ["first-le", Buffer.from(` ${token}`, "utf16le"), "1:2"],
    ["first-be", Buffer.from(` ${token}`, "utf16le").swap16(), "1:2"],
  ];
  await using home = await clientHome();
  for (const [name, bytes, place] of files) {
    const path = await write(home, name, bytes);
    assert.equal(await run(home.io, [path], { binary: true }), EXIT.failure, name);
    assert.ok(home.io.out.startsWith(`${path}:${place}: `), home.io.out);
  }
});

Deno.test("reports what cannot be read, and exits with 1", async () => {
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io, [join(home.folder, "nowhere")]), EXIT.failure);
  assert.match(io.err, /^Error: not scanned: .*nowhere: /);
});

Deno.test("scans standard input as text or as a diff", async () => {
  await using home = await clientHome();
  const { io } = home;
  io.stdin = `x\n${token}\n${generateRefreshToken()}`;
  assert.equal(await run(io, [], { stdin: true }), EXIT.failure);
  assert.match(io.out, /^\(stdin\):2:1: personal.*\n\(stdin\):3:1: refresh token .*…\n$/);
  io.stdin = `diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -3 +3 @@\n-${token}\n+x ${token}\n`;
  assert.equal(await run(io, [], { stdin: true }), EXIT.failure);
  assert.equal(io.out, `f:3:3: personal access token ${prefix}…\n`);
  io.stdin = "";
  assert.equal(await run(io, [], { stdin: true }), EXIT.ok);
  assert.equal(await run(io, ["x"], { stdin: true }), EXIT.usage);
});

/** Git in a folder of its own, which `--staged` is about. */
async function repository(changes: Partial<MemoryIo> = {}) {
  const home = await clientHome({
    ...changes,
    runProgram: (program, args, timeout) =>
      runProgram(program, ["-C", home.folder, ...args], timeout),
    streamProgram: (program, args, input, read) =>
      streamProgram(program, ["-C", home.folder, ...args], input, read, home.io.signal),
  });
  const git = async (...args: string[]) => {
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    const ended = await runProgram("git", ["-C", home.folder, ...who, ...args], 30_000);
    assert.ok(typeof ended === "object" && ended.code === 0, JSON.stringify(ended));
  };
  return { ...home, git };
}

Deno.test("--staged scans only what the next commit adds", async () => {
  await using home = await repository();
  const { io, git } = home;
  assert.equal(await run(io, [], { staged: true }), EXIT.failure);
  assert.match(io.err, /^Error: git .*not a git repository/);
  await git("init", "--quiet");
  await write(home, "tä st.txt", "one\n");
  await git("add", ".");
  assert.equal(await run(io, [], { staged: true }), EXIT.ok);
  await write(home, "tä st.txt", `one\n${token}\n`);
  assert.equal(await run(io, [], { staged: true }), EXIT.ok);
  await git("add", ".");
  assert.equal(await run(io, [], { staged: true }), EXIT.failure);
  assert.equal(io.out, `tä st.txt:2:1: personal access token ${prefix}…\n`);
  await git("commit", "--quiet", "--message", "x");
  await write(home, "tä st.txt", `one\ntwo\n${token}\n`);
  await write(home, "empty", "");
  await git("add", ".");
  assert.equal(await run(io, [], { staged: true }), EXIT.ok, io.out);
  await git("rm", "--quiet", "--cached", "tä st.txt");
  assert.equal(await run(io, [], { staged: true }), EXIT.ok, io.out);
});

Deno.test("--staged finds tokens in spite of attributes, settings, zero bytes and UTF-16", async () => {
  await using home = await repository();
  const { io, git } = home;
  await git("init", "--quiet");
  await write(home, ".gitattributes", "*.env -diff\n*.bin binary\n*.odd diff=odd\n");
  const settings: [string, string][] = [
    ["diff.odd.textconv", "true"],
    ["diff.external", "true"],
    ["diff.noprefix", "true"],
    ["color.ui", "always"],
    ["diff.renames", "copies"],
    ["core.quotePath", "true"],
  ];
  for (const [name, value] of settings) await git("config", name, value);
  await write(home, "a.env", `A=1\nT=${token}\n`);
  await write(home, "b.bin", `\0\n${token}\n`);
  await write(home, "c.odd", token);
  await write(home, "d/wide.txt", Buffer.from(`\ufeffone\r\n${token}\r\n`, "utf16le"));
  await write(home, "e\nf", `${"x".repeat(200_000)}\n${token}`);
  await git("add", ".");
  assert.equal(await run(io, [], { staged: true }), EXIT.failure);
  assert.deepEqual(
    io.out.trimEnd().split("\n").map((line) => line.split(": ")[0]),
    ["a.env:2:3", "b.bin:2:1", "c.odd:1:1", "d/wide.txt:2:1", "e f:2:1"],
  );
});

Deno.test({
  name: "reads named pipes and devices, and skips those below a folder",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await clientHome();
    const { io } = home;
    const pipe = join(home.folder, "pipe");
    assert.ok(await runProgram("mkfifo", [pipe], 10_000));
    assert.equal(await run(io, [home.folder]), EXIT.ok);
    const [code] = await Promise.all([
      run(io, [pipe, "/dev/null"]),
      Deno.writeTextFile(pipe, `one\n ${token}\n`),
    ]);
    assert.equal(code, EXIT.failure);
    assert.equal(io.out, `${pipe}:2:2: personal access token ${prefix}…\n`);
    assert.match(io.err, /^1 token in 2 files\./);
  },
});

Deno.test("scans standard input for -, also among files", async () => {
  await using home = await clientHome();
  const { io } = home;
  const path = await write(home, "x", token);
  io.stdin = `x ${token}`;
  assert.equal(await run(io, ["-"]), EXIT.failure);
  assert.match(io.out, /^\(stdin\):1:3: /);
  assert.match(io.err, /^1 token in standard input\./);
  assert.equal(await run(io, [path, "-"]), EXIT.failure);
  assert.match(io.out, /x:1:1: .*\n\(stdin\):1:3: .*\n$/);
  assert.match(io.err, /^2 tokens in 2 files/);
});

Deno.test("finds any number of tokens in a file", async () => {
  await using home = await clientHome();
  const path = await write(home, "dump", `${token}\n`.repeat(200_000));
  assert.equal(await run(home.io, [path], { json: true }), EXIT.failure);
  assert.match(home.io.err, /^200000 tokens in 1 file/, home.io.err);
});

Deno.test("scans standard input that is longer than any string", async () => {
  const line = new TextEncoder().encode(`+${"x".repeat(1023)}\n`);
  const piece = new Uint8Array(line.length * 1024);
  for (let i = 0; i < 1024; i++) piece.set(line, i * line.length);
  await using home = await clientHome({
    async *stdinBytes() {
      const length = 520 * 1024;
      yield Buffer.from(`diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,${length + 1} @@\n`);
      for (let i = 0; i < length / 1024; i++) yield piece;
      yield Buffer.from(`+${token}\n`);
    },
  });
  assert.equal(await run(home.io, [], { stdin: true }), EXIT.failure, home.io.err);
  assert.match(home.io.out, /^x:532481:1: /);
});

Deno.test("stops waiting for standard input on Ctrl-C", async () => {
  await using home = await clientHome({
    stdinBytes: () => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    }),
  });
  const ended = run(home.io, [], { stdin: true });
  home.io.interrupt();
  assert.equal(await ended, EXIT.interrupted);
});

Deno.test("--revoke reports each token once, and prints findings if the server fails", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  io.stdin = `${token} ${token}`;
  const options = { stdin: true, revoke: true, server: server.issuer, url: "https://x.example/1" };
  server.script("/api/v1/revocations", { json: { revoked: true } });
  assert.equal(await run(io, [], options), EXIT.failure);
  assert.match(io.out, /^(.*…, revoked\n){2}$/);
  assert.deepEqual(server.asked.map(({ text }) => JSON.parse(text)), [
    { token, url: "https://x.example/1" },
  ]);
  server.script("/api/v1/revocations", { json: { revoked: false } });
  await run(io, [], options);
  assert.match(io.out, /…, not revoked\n/);
  const detail = "Too many tokens were reported. Try again in 60 s.";
  server.script("/api/v1/revocations", { status: 429, json: { title: "Too many", detail } });
  assert.equal(await run(io, [], { ...options, json: true }), EXIT.failure);
  assert.equal(JSON.parse(io.out).findings[0].revoked, null);
  assert.match(io.err, new RegExp(`^Error: ${prefix}… was not revoked: .*Try again in 60 s`));
});

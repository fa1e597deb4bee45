/** Every command and task that the documentation shows exists, with the options it shows. */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { parseAllDocuments } from "yaml";
import { brand } from "../../shared/brand.ts";
import { wholeCommandLine } from "../../tasks/reference/whole_command_line.ts";
import {
  type CodeBlock,
  codeBlocks,
  codeIn,
  documentationPages,
  readFromRoot,
  typedCommands,
} from "../support/documentation.ts";
import { commandMistakes } from "../support/snippets/command_mistake.ts";
import { runsOf } from "../support/snippets/shell_commands.ts";

/** The commands in a line of a shell: what follows the program's name, up to the shell's syntax. */
function invocations(code: string): string[][] {
  const before = String.raw`(?:^|[$|&;("'\`/]|\$ |[&|:] |-- |sudo |exec )`;
  const program = new RegExp(`${before}${brand.binaryName} ([^|;&()<>"'\`#]*)`, "g");
  return [...code.matchAll(program)].map(([, rest]) =>
    rest.trim().split(/\s+/).filter((arg) => arg !== "")
  );
}

/** What is wrong with an invocation, if it names a command at all. */
function misnamed(root: Command, args: readonly string[]): string | undefined {
  let command = root;
  const rest = [...args];
  while (command.commands.length > 0 && rest.length > 0 && /^[a-z][a-z-]*$/.test(rest[0])) {
    const next = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (next === undefined) return `no command ${rest[0]}`;
    command = next;
    rest.shift();
  }
  if (command === root && !rest[0]?.startsWith("-")) return undefined;
  const end = rest.indexOf("--");
  const known = new Set(["--help", ...root.options.map(({ long }) => long)]);
  for (const { long } of command.options) known.add(long!);
  for (const arg of end === -1 ? rest : rest.slice(0, end)) {
    const [option] = /^\[?(--[a-z][a-z-]*)/.exec(arg)?.slice(1) ?? [];
    if (option !== undefined && !known.has(option)) return `no option ${option}`;
  }
  return undefined;
}

Deno.test("every command in the documentation exists, with its options", async () => {
  const root = await wholeCommandLine();
  const wrong: string[] = [];
  let count = 0;
  for (const page of await documentationPages()) {
    for (const { line, code } of codeIn(await readFromRoot(page))) {
      for (const args of invocations(code)) {
        // What follows are options of its program.
        if (page.startsWith("docs/reference/") && args[0] === "exec") continue;
        count++;
        const problem = misnamed(root, args);
        if (problem !== undefined) wrong.push(`${page}:${line}: ${args.join(" ")}: ${problem}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 150, `${count} commands`);
});

/** The shell scripts in a block: itself, or the strings of a file that another program reads. */
function scriptsIn({ language, code }: CodeBlock): string[] {
  if (language === "sh") return [code];
  if (language === "console") return [typedCommands(code)];
  if (language === "ini") return [...code.matchAll(/^Exec\w+=(.*)$/gm)].map(([, line]) => line);
  if (language === "json") return stringsIn(JSON.parse(code));
  if (language !== "yaml") return [];
  // Buildkite writes a dollar as two.
  return parseAllDocuments(code).flatMap((document) => stringsIn(document.toJS()))
    .map((text) => text.replaceAll("$$", "$"));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value instanceof Object ? Object.values(value).flatMap(stringsIn) : [];
}

Deno.test("the program accepts every command line in a block of the documentation", async () => {
  const mistakeIn = await commandMistakes();
  const wrong: string[] = [];
  let count = 0;
  for (const page of await documentationPages()) {
    for (const block of codeBlocks(page, await readFromRoot(page))) {
      for (const args of scriptsIn(block).flatMap((text) => runsOf(brand.binaryName, text))) {
        count++;
        const mistake = await mistakeIn(args);
        if (mistake !== undefined) {
          wrong.push(`${page}:${block.line}: ${args.join(" ")}: ${mistake}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 400, `${count} command lines`);
});

Deno.test("the parser of the program finds mistakes in a command line", async () => {
  const mistakeIn = await commandMistakes();
  assert.equal(await mistakeIn(["auth", "login", "--for", "orders"]), undefined);
  assert.equal(await mistakeIn(["exec", "--", "curl", "--bogus"]), undefined);
  for (
    const args of [
      ["pat", "make"],
      ["token", "--bogus"],
      ["token", "excess"],
      ["pat", "create", "--name"],
      ["admin", "user", "show"],
      ["admin", "client", "add", "Acme", "--grant", "password"],
    ]
  ) {
    assert.notEqual(await mistakeIn(args), undefined, args.join(" "));
  }
});

Deno.test("the commands of a shell script are found where they are", () => {
  const script = `# cli no
A=1 cli one "two $(cli three)" | cat <(cli four) >file 2>&1 && sudo -u cli cli five 'a b'
sh -c 'exec cli six' && docker exec box cli seven <<'END'
cli not this
END
git -c 'helper=!cli eight' clone x; install cli /usr/bin/cli # cli no
if ! /usr/bin/cli nine; then cli exec -- cli ten; fi`;
  assert.deepEqual(runsOf("cli", script).map((args) => args.join(" ")).sort(), [
    "eight get",
    "exec -- cli ten",
    "five a b",
    "four",
    "nine",
    "one two SUBSTITUTED",
    "seven",
    "six",
    "ten",
    "three",
  ]);
});

Deno.test("every command is in the documentation", async () => {
  const names = new Set<string>();
  const add = (args: readonly string[]) => {
    for (const [index, arg] of args.entries()) {
      const options = arg.split(/\\?\|/);
      for (const option of options) names.add([...args.slice(0, index), option].join(" "));
    }
  };
  for (const page of await documentationPages()) {
    // The generated reference has every command, but explains none.
    if (page.startsWith("docs/reference/")) continue;
    for (const { code } of codeIn(await readFromRoot(page))) {
      invocations(code).forEach(add);
      // Several commands in one: `pat create|list`.
      const args = code.split(" ");
      add(args[0] === brand.binaryName ? args.slice(1) : args);
    }
  }
  const missing: string[] = [];
  const visit = (command: Command, path: readonly string[]) => {
    for (const child of command.commands) {
      const name = [...path, child.name()];
      if (child.commands.length > 0) visit(child, name);
      else if (!names.has(name.join(" "))) missing.push(name.join(" "));
    }
  };
  visit(await wholeCommandLine(), []);
  assert.deepEqual(missing, []);
});

Deno.test("an unknown command and an unknown option are found", async () => {
  const root = await wholeCommandLine();
  assert.equal(misnamed(root, ["pat", "make"]), "no command make");
  assert.equal(misnamed(root, ["token", "--bogus"]), "no option --bogus");
  assert.equal(misnamed(root, ["exec", "--", "curl", "--bogus"]), undefined);
  assert.deepEqual(invocations(`curl "$(${brand.binaryName} token --header)" | x`), [[
    "token",
    "--header",
  ]]);
});

Deno.test("every task in the documentation exists", async () => {
  const { tasks } = JSON.parse(await readFromRoot("deno.json"));
  const wrong: string[] = [];
  for (const page of await documentationPages()) {
    for (const { line, code } of codeIn(await readFromRoot(page))) {
      for (const [, task] of code.matchAll(/\bdeno(?:@[\d.]+)? task (?:--quiet )?([a-z:]+)/g)) {
        if (!Object.hasOwn(tasks, task)) wrong.push(`${page}:${line}: ${task}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the README's command for tests is what CI runs", async () => {
  const pinned = (await readFromRoot(".dvmrc")).trim();
  const readme = await readFromRoot("README.md");
  for (const task of ["start", "test"]) {
    assert.ok(readme.includes(`\nnpx --yes deno@${pinned} task ${task} `), task);
  }
  assert.match(await readFromRoot(".ci/run"), /npx --yes "deno@\$\(cat \.dvmrc\)" task test\b/);
});

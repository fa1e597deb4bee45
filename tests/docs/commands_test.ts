/** Every command and task that the documentation shows exists, with the options it shows. */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { wholeCommandLine } from "../../tasks/reference/whole_command_line.ts";
import { codeIn, documentationPages, readFromRoot } from "../support/documentation.ts";

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

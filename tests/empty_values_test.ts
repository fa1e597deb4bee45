/** No message has a gap where a user gave an empty value, such as an unset variable of a script. */
import assert from "node:assert/strict";
import type { Argument, Command } from "commander";
import { commandGroups } from "../program.ts";
import { runCommand } from "../client/run.ts";
import { buildCommandLine, CommanderError, commandGroup } from "../shared/command_line.ts";
import { clientHome, logIn } from "./support/client_home.ts";
import { ScriptedServer } from "./support/scripted_server.ts";
import { hasGap } from "./support/sentence_gaps.ts";

/** The arguments of a call, one of whose values is empty. */
function emptyCalls(command: Command, path: string[]): string[][] {
  const value = (argument: Argument) => argument.argChoices?.[0] ?? "x";
  const required = command.registeredArguments.filter((argument) => argument.required).map(value);
  const mandatory = command.options.filter((option) => option.mandatory && option.long)
    .flatMap((option) => option.required ? [option.long!, "x"] : [option.long!]);
  return [
    ...command.registeredArguments.map((_, index) => [
      ...path,
      ...mandatory,
      ...command.registeredArguments.slice(0, index).map(value),
      "",
      ...required.slice(index + 1),
    ]),
    ...command.options.filter((option) => option.required && option.long)
      .map((option) => [...path, ...mandatory, option.long!, "", ...required]),
    ...command.commands.flatMap((child) => emptyCalls(child, [...path, child.name()])),
  ];
}

Deno.test("no client command has a gap in its messages where a value is empty", async (t) => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const ignored = () => Promise.resolve();
  const output = {
    stdout: (text: string) => void (io.out += text),
    stderr: (text: string) => void (io.err += text),
    stdoutColumns: () => 80,
    bold: (text: string) => text,
  };
  const build = () =>
    buildCommandLine(
      commandGroups(commandGroup, async (run) => void await runCommand(io, run), ignored),
      output,
      { version: "test" },
    );
  const names = (await build()).commands.map((command) => command.name())
    .filter((name) =>
      !["serve", "migrate", "healthcheck", "admin", "help", "complete"].includes(name)
    );
  for (const name of names) {
    await t.step(name, async () => {
      const calls = (await build()).commands.filter((command) => command.name() === name)
        .flatMap((command) => emptyCalls(command, [name]));
      const gaps: string[] = [];
      for (const call of calls) {
        io.err = "";
        try {
          await (await build()).parseAsync(call, { from: "user" });
        } catch (error) {
          if (!(error instanceof CommanderError)) throw error;
        }
        const lines = io.err.split("\n").filter((line) => hasGap(line));
        gaps.push(...lines.map((line) => `${JSON.stringify(call)}: ${line}`));
      }
      assert.deepEqual(gaps, []);
    });
  }
});

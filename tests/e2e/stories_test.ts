/** Runs every story in tests/stories against the compiled program and a real server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { run, start } from "../support/binary.ts";
import { ALICE, install, type Installation } from "../support/installation.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import {
  type Captures,
  insertCaptures,
  matchOutput,
  parseStory,
  type StoryCommand,
  type StoryEvent,
} from "../support/story.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const folder = fileURLToPath(new URL("../stories/", import.meta.url));
const BOB = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };
const WRITTEN_FOR = "yourapp";

Deno.test("stories of the command line", async (t) => {
  const stories = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".txt")).sort();
  const config = await Deno.makeTempFile({ suffix: ".toml" });
  await Deno.writeTextFile(config, `[scopes]\ndeploy = "Deploy"\nread = "Read"\n`);
  try {
    await using server = await install({ args: ["--config", config] });
    await server.addUser(BOB, "--name", "Bob Example");
    for (const name of stories) {
      await t.step(name.replace(".txt", "").replaceAll("_", " "), () => play(name, server));
    }
  } finally {
    await Deno.remove(config);
  }
});

async function play(name: string, server: Installation): Promise<void> {
  await using home = await temporaryHome();
  const work = join(home.folder, "work");
  await Deno.mkdir(work);
  const env: Record<string, string> = { ...home.env, TZ: "UTC" };
  const captures: Captures = new Map();
  let decision: { by: typeof ALICE; decide: "approve" | "deny" } | undefined;

  /** The story as it would be printed here: the names of the server and of the product. */
  const localize = (text: string) =>
    text.replaceAll("https://auth.example.com", server.issuer)
      .replaceAll(WRITTEN_FOR.toUpperCase(), brand.envPrefix)
      .replaceAll(WRITTEN_FOR, brand.binaryName);
  /** Output of the program as a story has it. */
  const generalize = (text: string) =>
    text.replaceAll(server.issuer, "https://auth.example.com").replaceAll(home.folder, "/home/user")
      .replaceAll(brand.envPrefix, WRITTEN_FOR.toUpperCase())
      .replaceAll(brand.binaryName, WRITTEN_FOR);

  async function happen({ args: [what, ...args], line }: StoryEvent): Promise<void> {
    const values = args.map((word) => localize(insertCaptures(word, captures)));
    switch (what) {
      case "approve":
      case "deny":
        decision = { by: values[0] === "bob" ? BOB : ALICE, decide: what };
        return;
      case "env":
        env[values[0]] = values[1];
        return;
      case "unset":
        delete env[values[0]];
        return;
      case "write":
        await Deno.writeTextFile(join(work, values[0]), `${values.slice(1).join(" ")}\n`);
        return;
      default:
        throw new Error(`${name}:${line}: unknown event ${what}`);
    }
  }

  async function execute(command: StoryCommand): Promise<void> {
    const [program, ...args] = command.args.map((word) => localize(insertCaptures(word, captures)));
    assert.equal(program, brand.binaryName, `${name}:${command.line}: not this program`);
    const options = { env, cwd: work, timeoutMs: 60_000 };
    const stdin = localize(insertCaptures(command.stdin, captures));
    let result;
    if (decision === undefined) {
      result = await run(args, { ...options, stdin });
    } else {
      const { by, decide } = decision;
      decision = undefined;
      await using running = start(args, { ...options, stdin });
      const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
      await server.approver(by).decide(code, decide);
      result = await running.ended;
    }
    const actual = { stdout: generalize(result.stdout), stderr: generalize(result.stderr) };
    const isMatch = result.code === command.exitCode &&
      matchOutput(command.stdout, actual.stdout, captures) &&
      matchOutput(command.stderr, actual.stderr, captures);
    if (isMatch) return;
    assert.fail(
      `${name}:${command.line} differs. It printed:\n\n${asStory(command, actual, result.code)}`,
    );
  }

  for (const step of parseStory(await Deno.readTextFile(join(folder, name)))) {
    if (step.kind === "event") await happen(step);
    else await execute(step);
  }
}

/** What happened, in the form of a story: to be compared, or pasted. */
function asStory(
  { args }: StoryCommand,
  { stdout, stderr }: { stdout: string; stderr: string },
  exitCode: number,
): string {
  const errors = stderr.replace(/\n$/, "").split("\n").filter(() => stderr !== "");
  return [
    `$ ${args.join(" ")}`,
    ...(stdout === "" ? [] : [stdout.replace(/\n$/, "")]),
    ...errors.map((line) => `2> ${line}`.trimEnd()),
    ...(exitCode === 0 ? [] : [`? ${exitCode}`]),
  ].join("\n");
}

/**
 * Plays the stories in tests/stories/terminal with the compiled program on real terminals of 40, 80
 * and 120 columns, and compares what each shows with tests/golden/terminal.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { assertGolden } from "../support/golden.ts";
import { ALICE, install, type Installation } from "../support/installation.ts";
import { type ProcessClock, processClock } from "../support/libfaketime.ts";
import { startOnTerminal } from "../support/pseudo_terminal.ts";
import { renderScreen } from "../support/screen.ts";
import {
  parseTerminalStory,
  type TerminalCommand,
  type TerminalEvent,
} from "../support/terminal_story.ts";

const WIDTHS = [40, 80, 120];
const folder = fileURLToPath(new URL("../stories/terminal/", import.meta.url));
const BOB = { email: "bob@example.com", password: `${PASSWORD_MARK} to Bob` };
const WRITTEN_FOR = "yourapp";
const DEADLINE_MS = 60_000;

Deno.test({
  name: "stories of the terminal at 40, 80 and 120 columns",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    const stories = [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".txt")).sort();
    await Promise.all(WIDTHS.map((columns) =>
      t.step({
        name: `${columns} columns`,
        fn: (t) => playAll(stories, columns, t),
        ...UNSANITIZED,
      })
    ));
  },
});

/** Steps that run side by side see one another's resources. */
const UNSANITIZED = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

/** Plays the stories one after the other, with one server and one home folder. */
async function playAll(
  stories: readonly string[],
  columns: number,
  t: Deno.TestContext,
): Promise<void> {
  await using clean = new AsyncDisposableStack();
  // A path of the same length every time, since it decides where lines break.
  const home = `/tmp/story-${crypto.randomUUID().slice(-12)}`;
  await Deno.mkdir(home, { mode: 0o700 });
  clean.defer(() => Deno.remove(home, { recursive: true }));
  const clock = clean.use(await processClock());
  const config = join(home, "config.toml");
  await Deno.writeTextFile(config, `[scopes]\ndeploy = "Deploy"\nread = "Read"\n`);
  const server = clean.use(
    await install({ args: ["--config", config], env: clock.env }),
  );
  const data = join(home, "data");
  await Deno.symlink(server.dataDir, data);
  await Deno.writeTextFile(config, `data_dir = "${data}"\n${await Deno.readTextFile(config)}`);
  await server.addUser(BOB, "--name", "Bob Example");
  for (const name of stories) {
    const story = await Deno.readTextFile(join(folder, name));
    await t.step({
      name: name.replace(".txt", "").replaceAll("_", " "),
      fn: async () => {
        const screens = await play(story, { columns, home, config, clock, server });
        await assertGolden(`terminal/${name.replace(".txt", "")}.${columns}.txt`, screens);
      },
      ...UNSANITIZED,
    });
  }
}

interface Place {
  columns: number;
  home: string;
  config: string;
  clock: ProcessClock;
  server: Installation;
}

async function play(
  story: string,
  { columns, home, config, clock, server }: Place,
): Promise<string> {
  const work = join(home, "work");
  await Deno.remove(work, { recursive: true }).catch(() => {});
  await Deno.mkdir(work);
  const env: Record<string, string> = {
    ...clock.env,
    HOME: home,
    TZ: "UTC",
    LANG: "C.UTF-8",
  };
  let decision: { by: typeof ALICE; decide: "approve" | "deny" } | undefined;
  const captures = new Map<string, string>();

  const localize = (text: string) =>
    text.replaceAll("https://auth.example.com", server.issuer)
      .replaceAll(/<(\w+)>/g, (placeholder, name) => captures.get(name) ?? placeholder)
      .replaceAll(WRITTEN_FOR.toUpperCase(), brand.envPrefix)
      .replaceAll(WRITTEN_FOR, brand.binaryName);

  async function happen({ args: [what, ...values], line }: TerminalEvent): Promise<void> {
    const [first, ...rest] = values.map(localize);
    switch (what) {
      case "approve":
      case "deny":
        decision = { by: first === "bob" ? BOB : ALICE, decide: what };
        return;
      case "env":
        env[first] = rest.join(" ");
        return;
      case "unset":
        delete env[first];
        return;
      case "operator":
        env[`${brand.envPrefix}_CONFIG`] = config;
        return;
      case "wait":
        await clock.advance({ minutes: Number(first) });
        return;
      case "write":
        await Deno.writeTextFile(join(work, first), `${rest.join(" ")}\n`);
        return;
      default:
        throw new Error(`line ${line}: unknown event ${what}`);
    }
  }

  async function execute({ args: [, ...args], text, typing }: TerminalCommand): Promise<string> {
    await using running = startOnTerminal(args.map(localize), {
      env,
      cwd: work,
      columns,
      timeoutMs: DEADLINE_MS,
    });
    if (decision === undefined && typing.length === 0) {
      // Without an approval to wait for, it would wait until the deadline.
      running.waitFor(/Enter code: /, DEADLINE_MS).then(() => running.kill("SIGKILL"), () => {});
    }
    if (decision !== undefined) {
      const { by, decide } = decision;
      decision = undefined;
      const [, code] = await running.waitFor(/Enter code: +\S*?([A-Z]{4}-[A-Z]{4})/, DEADLINE_MS);
      await server.approver(by).decide(code, decide);
    }
    let seen = 0;
    for (const { prompt, text } of typing) {
      const pattern = new RegExp(`^[^]{${seen}}[^]*?${escape(localize(prompt))}`);
      const [before] = await running.waitFor(pattern, DEADLINE_MS);
      seen = before.length;
      await running.write(text === "^C" ? "\x03" : `${localize(text)}\r`);
    }
    const { stdout, code } = await running.ended;
    const [, token] = /\b(bst_[0-9A-Za-z]{49})\b/.exec(stdout) ?? [];
    if (token !== undefined) captures.set("pat", token);
    const screen = renderScreen(mask(stdout), columns)
      // What doctor says about the machine.
      .replace(/^‹bold›Program‹\/›[^]*?\n\n/, "");
    return [`$ ${text}`, ...screen === "" ? [] : [screen], ...code === 0 ? [] : [`[exit ${code}]`]]
      .join("\n");
  }

  /** Replaces what differs between runs by text of the same length. */
  function mask(text: string): string {
    return text
      // A slow machine gets notices while it waits.
      .replaceAll(/Still [^…]*…\r\n/g, "")
      // A log line with a hash, at the stop.
      .replaceAll(/\S+ info audit_sealed [^\n]*\n/g, "")
      .replaceAll(/(?<=127\.0\.0\.1:)\d{5}/g, "88888")
      .replaceAll(/(?<=\/tmp\/story-)[0-9a-f]+/g, (name) => "x".repeat(name.length))
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "YYYY-MM-DD hh:mm")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "YYYY-MM-DDThh:mm:ss.sssZ")
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => id.replaceAll(/\w/g, "0"))
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<jwt>")
      .replaceAll(/(?<=bst_)[0-9A-Za-z]{49}/g, "X".repeat(49))
      .replaceAll(/(?<=bst_)[0-9A-Za-z]{8}(?![0-9A-Za-z])/g, "X".repeat(8))
      .replaceAll(/(?<![A-Z])[A-Z]{4}-[A-Z]{4}(?![A-Z])/g, "BCDF-GHJK")
      .replaceAll(/^[\w-]{16}(?= {2})/gm, "X".repeat(16))
      .replaceAll(/(?<=\?token=)[\w-]+/g, (token) => "X".repeat(token.length))
      .replaceAll(/(?<=--resume |"id":")[0-9a-f]{8}\b/g, "00000000")
      .replaceAll(
        /\d+ migrations, up to(\s+)\w+/g,
        (_, gap) => `9 migrations, up to${gap}0009_name`,
      )
      .replaceAll(brand.envPrefix, WRITTEN_FOR.toUpperCase())
      .replaceAll(brand.binaryName, WRITTEN_FOR);
  }

  const screens: string[] = [];
  for (const step of parseTerminalStory(story)) {
    if (step.kind === "event") await happen(step);
    else screens.push(await execute(step));
  }
  return `${screens.join("\n\n")}\n`;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

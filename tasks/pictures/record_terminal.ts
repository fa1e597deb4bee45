import { brand } from "../../shared/brand.ts";
import type { Installation } from "../../tests/support/installation.ts";
import { secretService } from "../../tests/support/secret_service.ts";
import { startOnTerminal } from "../../tests/support/pseudo_terminal.ts";
import { renderScreen } from "../../tests/support/screen.ts";
import { temporaryHome } from "../../tests/support/temporary_home.ts";
import { type Frame, terminalSvg } from "./terminal_svg.ts";

const COLUMNS = 80;
/** How fast a user types, in characters a frame; and how long a frame is, in seconds. */
const TYPED = 4;
const TYPING_SECONDS = 0.12;

/** A first login and what follows it, recorded from the compiled program, as an animated SVG. */
export async function recordTerminal(server: Installation): Promise<string> {
  await using home = await temporaryHome();
  await using keychain = await secretService();
  const env = {
    ...home.env,
    ...keychain.env,
    HOME: home.folder,
    ...{ TZ: "UTC", LANG: "C.UTF-8" },
  };
  const frames: Frame[] = [];
  let screen = "";
  const show = (text: string, seconds: number) => {
    screen = text;
    frames.push({ screen: text, seconds });
  };
  /** Types a command and returns what is on the screen before its output. */
  const type = (command: string): string => {
    const before = screen === "" ? "" : `${screen}\n\n`;
    for (let end = 0; end < command.length; end += TYPED) {
      show(`${before}‹green›$‹/› ${command.slice(0, end)}`, TYPING_SECONDS);
    }
    show(`${before}‹green›$‹/› ${command}`, 0.4);
    return `${screen}\n`;
  };
  const run = async (
    args: string[],
    options: string[],
    during?: (text: string) => Promise<void>,
  ) => {
    const before = type([brand.binaryName, ...args].join(" "));
    await using running = startOnTerminal([...args, ...options], { env, columns: COLUMNS });
    if (during) {
      const [, code] = await running.waitFor(/Enter code:[^A-Z]+([A-Z]{4}-[A-Z]{4})/);
      show(before + renderScreen(running.stdout(), COLUMNS), 4);
      await during(code);
    }
    const { stdout } = await running.ended;
    show(before + renderScreen(stdout, COLUMNS), 3);
  };
  await run(
    ["login"],
    ["--server", server.issuer, "--no-browser", "--name", "Alice's laptop"],
    (code) => server.alice.decide(code, "approve"),
  );
  await run(["status"], []);
  show(screen, 3);
  return terminalSvg(frames, {
    columns: COLUMNS,
    title: `A terminal: ${brand.binaryName} login shows a code, and continues when it is approved.`,
  });
}

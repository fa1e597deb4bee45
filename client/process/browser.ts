/** Opens the approval page, where there is a browser to open it in. */
import type { ClientIo } from "../io.ts";

/**
 * Starts the user's browser and does not wait for it. Any failure is silent:
 * the address is on screen already. False if nothing was started.
 */
export function openBrowser(url: string, io: ClientIo): boolean {
  return browserCommands(url, io).some(([program, ...args]) => io.launch(program, args));
}

/** The commands to try, in order: none where a browser would open elsewhere, or not at all. */
export function browserCommands(
  url: string,
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): [program: string, ...args: string[]][] {
  const address = webAddress(url);
  if (address === undefined) return [];
  // Over SSH the browser would open in front of nobody; in CI there is nobody.
  if (env.SSH_CONNECTION || env.SSH_CLIENT || env.SSH_TTY) return [];
  if (env.CI && env.CI !== "false") return [];
  if (env.BROWSER) return browserVariable(env.BROWSER, address, platform.os);
  switch (platform.os) {
    case "darwin":
      return [["open", address]];
    case "windows":
      // Unlike `cmd /c start`, this takes the address as it is: `&` in it means nothing.
      return [["rundll32.exe", "url.dll,FileProtocolHandler", address]];
    default: {
      const commands: [string, ...string[]][] = [];
      if (/microsoft/i.test(platform.release)) {
        // Windows Subsystem for Linux: Windows' own browser, if either way to it is installed.
        commands.push(["wslview", address]);
        commands.push(["rundll32.exe", "url.dll,FileProtocolHandler", address]);
      }
      // Without a display xdg-open would start a text browser over our own terminal.
      if (env.DISPLAY || env.WAYLAND_DISPLAY) commands.push(["xdg-open", address]);
      return commands;
    }
  }
}

/**
 * BROWSER, as other programs read it: commands separated by the path separator,
 * `%s` where the address goes, else it goes last. No shell takes part.
 */
function browserVariable(
  value: string,
  address: string,
  os: string,
): [string, ...string[]][] {
  if (value === "none") return [];
  return value.split(os === "windows" ? ";" : ":").flatMap((command) => {
    const [program, ...args] = command.split(" ").filter((word) => word !== "");
    if (program === undefined) return [];
    const filled = args.map((arg) => arg.replaceAll("%s", () => address));
    return [[program, ...(command.includes("%s") ? filled : [...args, address])]];
  });
}

/** `url` in normal form, so that no space or quote is left in it; undefined if not http(s). */
function webAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}

/** Opens the approval page in a browser, if there is one. */
import type { ClientIo } from "../io.ts";

/**
 * Starts the user's browser in the background. False if it cannot be started: the address is
 * printed in any case. `onFailure` is called if the program that opens it reports a failure.
 */
export function openBrowser(url: string, io: ClientIo, onFailure = () => {}): boolean {
  return browserCommands(url, io).some(([program, ...args]) =>
    io.launch(program, args, (code) => {
      if (code !== 0) onFailure();
    })
  );
}

/** Whether this machine seems to have a browser that its user sees. */
export function hasBrowser(io: Pick<ClientIo, "env" | "platform">): boolean {
  return browserCommands("http://127.0.0.1/", io).length > 0;
}

/** The commands to try, in order; none where a browser would open on another machine. */
export function browserCommands(
  url: string,
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): [program: string, ...args: string[]][] {
  const address = webAddress(url);
  if (address === undefined) return [];
  // Over SSH the browser would open on the wrong machine, and CI has no user.
  if (env.SSH_CONNECTION || env.SSH_CLIENT || env.SSH_TTY) return [];
  if (env.CI && env.CI !== "false") return [];
  if (env.BROWSER) return browserVariable(env.BROWSER, address, platform.os);
  switch (platform.os) {
    case "darwin":
      return [["open", address]];
    case "windows":
      // Unlike `cmd /c start`, this does not interpret `&` in the address.
      return [["rundll32.exe", "url.dll,FileProtocolHandler", address]];
    default: {
      const commands: [string, ...string[]][] = [];
      if (/microsoft/i.test(platform.release)) {
        // Windows Subsystem for Linux: the browser of Windows.
        commands.push(["wslview", address]);
        commands.push(["rundll32.exe", "url.dll,FileProtocolHandler", address]);
      }
      // Without a display, xdg-open would start a text browser in this terminal.
      if (env.DISPLAY || env.WAYLAND_DISPLAY) commands.push(["xdg-open", address]);
      return commands;
    }
  }
}

/**
 * BROWSER, as other programs interpret it: commands separated by the path separator, with `%s` for
 * the address, or with the address as the last argument. Without a shell.
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
    const withAddress = args.map((arg) => arg.replaceAll("%s", () => address));
    return [[program, ...(command.includes("%s") ? withAddress : [...args, address])]];
  });
}

/** `url` normalized, without spaces and quotes; undefined unless it is http(s). */
function webAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}

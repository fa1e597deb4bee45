import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import { styleFor } from "../output.ts";
import { openBrowser } from "../process/browser.ts";
import { startCountdown } from "../ui/countdown.ts";
import type { FlowOptions } from "./login_flow.ts";

/** Enough for signing in and approving, with a password manager and a second factor. */
const BROWSER_TIMEOUT_MS = 10 * 60_000;

/** After this time without a response, a code is offered as well. */
const CODE_AFTER_MS = 60_000;

/** Whether a browser opened the address, as far as this process can notice. */
export interface OpenedBrowser {
  /** Resolves if it did not. */
  failed: Promise<void>;
}

/** Shows the address on this machine that leads to the server, and opens it in a browser. */
export function showAddress(
  server: AuthorizationServer,
  address: string,
  { browser }: FlowOptions,
  io: ClientIo,
): OpenedBrowser {
  const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
  const isOpening = browser && openBrowser(address, io, fail);
  io.stderr(
    isOpening
      ? `Opening your browser. If it does not open, visit this address on this machine:\n`
      : `Open this address in a browser on this machine:\n`,
  );
  io.stderr(`\n  ${styleFor(io).bold(address)}\n\n`);
  if (!isOpening) {
    if (browser) io.stderr(remoteHint(server, address));
    fail();
  }
  return { failed };
}

/** Over SSH, the browser of the user is on another machine. */
function remoteHint(server: AuthorizationServer, address: string): string {
  const { port } = new URL(address);
  const byCode = server.deviceAuthorizationEndpoint === undefined
    ? ""
    : `, or log in by code: ${brand.binaryName} login --device`;
  return "No browser was found here. A browser on another machine cannot open this address: " +
    `over SSH, forward the port with ssh -L ${port}:127.0.0.1:${port}${byCode}\n`;
}

/**
 * Waits for `response`. With `canUseCode`, resolves to undefined if a code should be offered as well:
 * no browser opened, the user pressed Enter, or there was no response for a minute.
 */
export async function waitForBrowser<T>(
  response: Promise<T>,
  opened: OpenedBrowser,
  { canUseCode }: { canUseCode: boolean },
  io: ClientIo,
): Promise<T | undefined> {
  const over = new AbortController();
  const whileWaiting = { ...io, signal: AbortSignal.any([io.signal, over.signal]) };
  const line = startCountdown(io.clock.now() + BROWSER_TIMEOUT_MS, whileWaiting, {
    waitsFor: "the browser",
    expires: "the login stops",
    keys: canUseCode ? "Enter for a code, Ctrl-C to stop" : "Ctrl-C to stop",
  });
  const elapsed = line.wait(canUseCode ? CODE_AFTER_MS : BROWSER_TIMEOUT_MS).then(() => {
    if (canUseCode) return undefined;
    throw new ClientError(
      "timed_out",
      "No response came from the browser within 10 minutes. " +
        `To try again, run: ${brand.binaryName} login`,
    );
  });
  const wantsCode = canUseCode
    ? [opened.failed.then(() => undefined), enterKey(io).then(() => undefined)]
    : [];
  try {
    return await Promise.race([response, elapsed, ...wantsCode]);
  } finally {
    over.abort();
    line.clear();
  }
}

/** Never settles without a terminal. */
async function enterKey(io: ClientIo): Promise<void> {
  const answer = await io.promptLine("");
  if (answer === undefined) await new Promise<never>(() => {});
}

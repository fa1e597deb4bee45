/** Shows a user code, with a QR code and in a browser if possible. */
import { openBrowser } from "../process/browser.ts";
import type { ClientIo } from "../io.ts";
import type { DeviceAuthorization } from "../oauth/device_flow.ts";
import { isLiveTerminal, styleFor } from "../output.ts";

export interface ShowCodeOptions {
  /** False with --no-browser. */
  browser: boolean;
  qr?: boolean;
}

/** The address and the code come first; a QR code and a browser are optional. */
export async function showCode(
  authorization: DeviceAuthorization,
  options: ShowCodeOptions,
  io: ClientIo,
): Promise<void> {
  const { verificationUri, verificationUriComplete, userCode } = authorization;
  const { bold } = styleFor(io);
  io.stderr(
    `\n  Open:        ${bold(verificationUri)}\n  Enter code:  ${bold(userCode)}\n\n`,
  );
  const address = verificationUriComplete ?? verificationUri;
  if (options.qr) {
    const { qrCode } = await import("./qr_code.ts");
    io.stderr(`${qrCode(address, isLiveTerminal(io) && !io.env.NO_COLOR)}\n`);
  }
  if (options.browser && openBrowser(address, io)) {
    io.stderr("Opening your browser. Check that it shows the same code.\n");
  }
}

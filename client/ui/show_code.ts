/** A user code on the terminal, and whatever helps to enter it. */
import { openBrowser } from "../process/browser.ts";
import type { ClientIo } from "../io.ts";
import type { DeviceAuthorization } from "../oauth/device_flow.ts";
import { isLiveTerminal, styleFor } from "../output.ts";

export interface ShowCodeOptions {
  /** False with --no-browser. */
  browser: boolean;
  qr?: boolean;
}

/** Address and code come first and alone suffice; a QR code and a browser only help. */
export async function showCode(
  authorization: DeviceAuthorization,
  options: ShowCodeOptions,
  io: ClientIo,
): Promise<void> {
  const { verificationUri, verificationUriComplete, userCode } = authorization;
  const { strong } = styleFor(io);
  io.stderr(
    `\n  Open:        ${strong(verificationUri)}\n  Enter code:  ${strong(userCode)}\n\n`,
  );
  const address = verificationUriComplete ?? verificationUri;
  if (options.qr) {
    const { qrCode } = await import("./qr_code.ts");
    io.stderr(`${qrCode(address, isLiveTerminal(io) && !io.env.NO_COLOR)}\n`);
  }
  if (options.browser && openBrowser(address, io)) {
    io.stderr("Your browser should open. Check there that it shows the same code.\n");
  }
}

import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { LinkResult } from "../../../admin/password_link_operations.ts";
import type { ServerIo } from "../../../io.ts";

/**
 * Prints a link with which a user chooses a password or confirms an address, or says that it was
 * mailed. Standard output has only the link, so that it can be piped.
 */
export function printLink(
  email: string,
  { url, expiresAt, mailFailure }: LinkResult,
  io: ServerIo,
  {
    to = "choose a password",
    command = `reset-password ${sanitizeLine(email, 254)} --link`,
    holder = "Anyone who has it can use it.",
  }: {
    to?: string;
    /** After `admin user`: prints another link. */
    command?: string;
    /** Who can use it. */
    holder?: string;
  } = {},
): number {
  const user = sanitizeLine(email, 254);
  const again = `${brand.binaryName} admin user ${command}`;
  const until = `It works once, until ${formatTime(Date.parse(expiresAt), io.timeZone)}`;
  if (mailFailure !== undefined) {
    io.stderr(
      `Error: the e-mail to ${user} could not be sent: ${sanitizeLine(mailFailure, 500)}.\n` +
        `To print a link instead, run: ${again}\n`,
    );
    return EXIT.failure;
  }
  if (url === undefined) {
    io.stderr(`Sent a link to ${user} to ${to}. ${until}.\n`);
    return EXIT.ok;
  }
  io.stderr(
    `Send this link to ${user} to ${to}.\n${until}. ${holder}\n`,
  );
  if (isWritten(`${url}\n`, io)) return EXIT.ok;
  io.stderr(`Error: the link could not be printed. To print a new one, run: ${again}\n`);
  return EXIT.failure;
}

function isWritten(text: string, io: ServerIo): boolean {
  try {
    return io.stdout(text);
  } catch {
    return false;
  }
}

import type { Transporter } from "nodemailer";
import type { ServerConfig } from "../config/server_config.ts";
import { Deliveries, type Failure } from "./delivery_queue.ts";
import type { Log } from "../log.ts";
import { parseSmtpUrl } from "../config/setting_url.ts";
import { isLoopbackHost } from "../config/parsers.ts";

/** A message in plain text. It never holds a secret that alone lets anybody in. */
export interface Message {
  to: string;
  subject: string;
  text: string;
}

/** Pauses before the second and third attempt, in ms: greylisting takes minutes. */
const RETRY_AFTER = [60_000, 10 * 60_000];
/** Longest wait for the mail server, at each step, in ms. */
const TIMEOUT_MS = 10_000;

/** Sends e-mail through the operator's mail server (RFC 5321), if there is one. Nobody waits for it. */
export class Mail {
  #deliveries = new Deliveries(RETRY_AFTER);
  #transporter?: Promise<Transporter>;

  constructor(
    private readonly target: ServerConfig["mail"],
    private readonly log: Log,
  ) {}

  tell(message: Message): void {
    if (this.target === undefined) return;
    const { from } = this.target;
    this.#deliveries.add({
      attempt: () =>
        this.#attempt(async (transporter) => {
          await transporter.sendMail({
            from,
            ...message,
            // One address as it stands, not a list to be read.
            to: { name: "", address: message.to },
            // No answers from holiday programs (RFC 3834 section 5).
            headers: { "Auto-Submitted": "auto-generated" },
          });
        }),
      failed: (reason) => this.log("warn", "mail_failed", { subject: message.subject, reason }),
    });
  }

  /** Says in the log whether the mail server lets us in, so that nobody learns it from a lost warning. */
  async probe(): Promise<void> {
    if (this.target === undefined) return;
    const failure = await this.#attempt((transporter) => transporter.verify());
    if (failure !== undefined) this.log("warn", "mail_failed", { reason: failure.reason });
  }

  async close(): Promise<void> {
    await this.#deliveries.close();
    (await this.#transporter?.catch(() => undefined))?.close();
  }

  async #attempt(
    use: (transporter: Transporter) => Promise<unknown>,
  ): Promise<Failure | undefined> {
    try {
      this.#transporter ??= connect(this.target!.url);
      await use(await this.#transporter);
      return undefined;
    } catch (error) {
      const { responseCode = 0 } = error as MailError;
      // RFC 5321 section 4.2.1: 5yz is a permanent failure.
      return { reason: describeMailError(error as MailError), final: responseCode >= 500 };
    }
  }
}

/** What nodemailer throws. */
type MailError = Error & { code?: string; responseCode?: number; response?: string };

/** By its codes: a message of a library may hold what it was called with. */
function describeMailError({ code, responseCode, response }: MailError): string {
  const answer = response === undefined ? "" : `: ${response.slice(0, 200)}`;
  if (code === "EAUTH") return `the mail server refuses the user or password of smtp_url${answer}`;
  if (code === "ETLS") {
    return `the mail server offers no STARTTLS, or its certificate is refused${answer}`;
  }
  if (responseCode !== undefined) return `the mail server answered ${responseCode}${answer}`;
  if (code === "EDNS" || code === "ENOTFOUND") {
    return "the host name of smtp_url cannot be resolved";
  }
  if (code === "ECONNREFUSED") return "the mail server refuses connections";
  if (code === "ETIMEDOUT") return "the mail server does not answer in time";
  if (code === "EENVELOPE") return "the mail server takes no mail from mail_from to the recipient";
  return `no connection to the mail server${code === undefined ? "" : ` (${code})`}`;
}

/** Nobody reads along: without TLS we speak to this machine alone. */
async function connect(address: string): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  const server = parseSmtpUrl(address);
  // The settings were checked by the same parser.
  if (typeof server === "string") throw new Error(server);
  return createTransport({
    ...server,
    // What this machine's own mail server offers is often signed by nobody.
    ...isLoopbackHost(server.host)
      ? { tls: { rejectUnauthorized: false } }
      : { requireTLS: !server.secure },
    pool: true,
    maxConnections: 2,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

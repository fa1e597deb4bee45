import type { Transporter } from "nodemailer";
import type { ServerConfig } from "./config.ts";
import { Deliveries, type Failure } from "./deliveries.ts";
import type { Log } from "./log.ts";
import { isLoopbackHost } from "./setting_values.ts";

/** A message in plain text. It never holds a secret that alone lets anybody in. */
export interface Message {
  to: string;
  subject: string;
  text: string;
}

/** Pauses before the second and third attempt, in ms: greylisting takes minutes. */
const RETRY_AFTER = [60_000, 10 * 60_000];
/** Longest wait for the mail server, at each step, in ms. */
const PATIENCE = 10_000;

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
      const { message, responseCode = 0 } = error as Error & { responseCode?: number };
      // RFC 5321 section 4.2.1: 5yz is a permanent failure.
      return { reason: message, final: responseCode >= 500 };
    }
  }
}

/** Nobody reads along: without TLS we speak to this machine alone. */
async function connect(address: string): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  const { protocol, hostname, port, username, password } = new URL(address);
  const secure = protocol === "smtps:";
  return createTransport({
    host: hostname.replace(/^\[|\]$/g, ""),
    // RFC 8314 section 3.3 and RFC 6409 section 3.1.
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    // What this machine's own mail server offers is often signed by nobody.
    ...isLoopbackHost(hostname) ? { tls: { rejectUnauthorized: false } } : { requireTLS: !secure },
    ...username !== "" && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    },
    pool: true,
    maxConnections: 2,
    connectionTimeout: PATIENCE,
    greetingTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

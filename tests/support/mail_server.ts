/** A real mail server, of Debian's python3-aiosmtpd. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./binary.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";

export interface MailServer extends AsyncDisposable {
  port: number;
  /** The messages so far, decoded, once there are `count` of them. */
  messages(count: number): Promise<string[]>;
}

/** Debian's own interpreter: another one would not find Debian's modules. */
const PYTHON = "/usr/bin/python3";

/** Without `account` it accepts all mail, without TLS; with it, only that user's over TLS. */
export async function startMailServer(
  account?: { user: string; password: string },
): Promise<MailServer> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "mail-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const maildir = join(folder, "maildir");
  const port = freePort();
  const secured = account === undefined ? [] : [
    beside("certificate/cert.pem"),
    beside("certificate/key.pem"),
    account.user,
    account.password,
  ];
  const script = beside("mail_server.py");
  const running = cleanUp.use(start([script, String(port), maildir, ...secured], {}, PYTHON));
  await running.waitFor(/ready/);
  const owned = cleanUp.move();
  return {
    port,
    messages: (count) =>
      eventually(`${count} messages`, async () => {
        const names = [...Deno.readDirSync(join(maildir, "new"))].map(({ name }) => name);
        if (names.length < count) return undefined;
        const read = (name: string) => Deno.readTextFile(join(maildir, "new", name));
        return (await Promise.all(names.map(read))).map(decoded);
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Header and text of a message without its encodings (RFC 2045 section 6.7, RFC 2047). */
function decoded(message: string): string {
  const bytes = (text: string) =>
    new TextDecoder().decode(
      Uint8Array.from(
        text.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
        (character) => character.charCodeAt(0),
      ),
    );
  const [header, ...body] = message.replaceAll("\r\n", "\n").split("\n\n");
  const text = body.join("\n\n");
  const encoding = /^Content-Transfer-Encoding: (\S+)$/m.exec(header)?.[1];
  return [
    header.replace(/\n\s+/g, " ").replace(/\?= =\?/g, "?==?")
      .replace(/=\?UTF-8\?Q\?([^?]*)\?=/gi, (_, word) => bytes(word.replaceAll("_", " "))),
    encoding === "quoted-printable" ? bytes(text.replace(/=\n/g, "")) : text,
  ].join("\n\n");
}

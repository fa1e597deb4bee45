import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { createStyle, hasStyle } from "../../../../shared/terminal_style.ts";
import type { Story } from "../../../audit/why/story.ts";
import type { WhySubject } from "../../../audit/why/why.ts";
import type { ServerIo } from "../../../io.ts";
import { reportFailure, reportUsage } from "../../failure.ts";
import { adminCommand } from "../command.ts";
import type { AuditOptions } from "./options.ts";
import { localTime } from "./print_events.ts";
import { wrapWords } from "../../../../shared/wrap_text.ts";
import { identifySecret, isSecret } from "../../../audit/why/identify_secret.ts";
import { databaseOf } from "../../options.ts";

const MAX_LENGTH = 1000;
/** No token is longer. */
const MAX_SECRET_LENGTH = 16_384;

/** `admin audit --why`: shows the life of a token, a login or a CI run. */
export async function adminAuditWhy(
  why: string,
  { json = false, ...rest }: AuditOptions,
  io: ServerIo,
): Promise<number> {
  if (isSecret(why)) {
    return reportUsage(
      "This is a token. Other users of the machine can read arguments: use --why - and pass the " +
        "token on standard input, and revoke it if the machine has other users.",
      io,
    );
  }
  let subject: WhySubject = { text: why };
  if (why === "-") {
    let secret: string | undefined;
    try {
      secret = await readSecret(io);
    } catch (error) {
      return reportFailure(error, io);
    }
    if (secret === "" || secret.length > MAX_SECRET_LENGTH) {
      return reportUsage("Pass one token on standard input.", io);
    }
    subject = isSecret(secret) || secret.length >= 20 ? identifySecret(secret) : { text: secret };
  }
  const options = databaseOf(rest);
  return await adminCommand("whyCredential", { subject }, options, io, (story) => {
    io.stdout(json ? formatJson(story) : describe(story, io));
    return EXIT.ok;
  });
}

async function readSecret(io: ServerIo): Promise<string> {
  const typed = await io.promptSecrets(async (ask) => await ask("Token: "));
  return (typed ?? await io.readStdin()).trim();
}

function describe({ title, state, id, facts, steps }: Story, io: ServerIo): string {
  const style = createStyle(hasStyle(io.stdoutIsTerminal, io.env));
  const time = localTime(io.timeZone);
  const clean = (text: string) => sanitizeLine(text, MAX_LENGTH);
  const all = [{ name: "state", value: state }, { name: "id", value: id }, ...facts];
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  return [
    style.bold(clean(title)),
    ...all.map(({ name, value }) => `${`${clean(name)}:`.padEnd(width)}${clean(value)}`),
    "",
    ...steps.flatMap((step) => wrapped(time(step.time), clean(step.text), io)),
  ].map((line) => `${line}\n`).join("");
}

/** On a terminal, the text stays beside the time. */
function wrapped(time: string, text: string, io: ServerIo): string[] {
  const indent = `${time}  `;
  const width = io.stdoutIsTerminal ? Math.max(io.stdoutColumns() - indent.length, 30) : Infinity;
  return wrapWords(text, width)
    .map((line, index) => `${index === 0 ? indent : " ".repeat(indent.length)}${line}`);
}

/** Checks of files for our own program, by what reads them when it runs. */
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { parseAllDocuments } from "yaml";
import { readDocument } from "../../../server/apply/read_document.ts";
import { readState } from "../../../server/apply/read_state.ts";
import { loadConfig } from "../../../server/config/load.ts";
import { type UserFormat } from "../../../server/imports/users/read_users.ts";
import { readUsers } from "../../../server/imports/users/read_users.ts";
import type { CodeBlock } from "../documentation.ts";
import { NO_TERMINAL } from "../no_terminal.ts";
import { type Check, passes } from "./check.ts";

/** What pages have in place of a secret, and one that the settings accept. */
const PLACEHOLDER_KEY = /^secret_key = ".*…"/m;
const SECRET_KEY = 'secret_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="';

/** A config file of the server, or a part of one. */
export const isServerConfig: Check = async ({ code }, { folder }) => {
  const path = join(folder, "config.toml");
  await Deno.writeTextFile(path, code.replace(PLACEHOLDER_KEY, SECRET_KEY), { mode: 0o600 });
  const { problems } = await loadConfig({ config: path }, {
    stdout: () => true,
    stderr() {},
    readStdin: () => Promise.resolve(""),
    ...NO_TERMINAL,
    env: {},
    signal: new AbortController().signal,
    clock: { now: () => 0 },
    platform: { os: "linux", homedir: folder },
  });
  // Files of the machine that the page is about.
  return problemText(problems.filter(({ code }) => code !== "unreadable_file"));
};

/** A file of `admin apply`. */
export const isApplyFile: Check = ({ page, code }) => {
  const document = readDocument(page, code);
  return Promise.resolve(
    problemText("code" in document ? [document] : readState([document]).problems),
  );
};

function problemText(problems: readonly { subject: string; message: string }[]): string {
  return problems.map(({ subject, message }) => `${subject}: ${message}`).join("\n");
}

/** Users for `admin import users`. */
export function isUserFile(format: UserFormat): Check {
  return async ({ code }) => {
    const text = format === "jsonl" ? JSON.stringify(JSON.parse(code)) : code;
    const hash = `$2b$10$${"abcdefghijklmnopqrstuv"}${"wxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0"}`;
    const bytes = new Blob([text.replace("$2b$10$…", hash)]).stream();
    const problems: string[] = [];
    for await (const user of readUsers(bytes, format)) {
      if ("code" in user) problems.push(user.message);
    }
    return problems.join("\n");
  };
}

export const isJson: Check = passes(({ code }) => JSON.parse(code));
export const isToml: Check = passes(({ code }) => parseToml(code));
export const isYaml: Check = passes(({ code }: CodeBlock) => {
  for (const document of parseAllDocuments(code)) {
    if ("errors" in document && document.errors.length > 0) throw document.errors[0];
  }
});

/** The head of an HTTP message, or some of its fields, and anything after an empty line. */
export const isHttp: Check = ({ code }) => {
  const [head] = code.split("\n\n");
  const wrong = head.trimEnd().split("\n").filter((line, index) =>
    !/^[A-Za-z-]+: \S/.test(line) &&
    (index > 0 || !/^(?:(?:GET|POST|PUT|PATCH|DELETE) \/\S*|HTTP\/1\.1 \d{3} [A-Z].*)$/.test(line))
  );
  return Promise.resolve(wrong.map((line) => `not a line of HTTP: ${line}`).join("\n"));
};

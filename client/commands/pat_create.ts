/** `pat create`: makes a personal access token; its secret goes to stdout and nowhere else. */
import { EXIT } from "../../shared/exit_codes.ts";
import { maskInActions } from "../actions_mask.ts";
import type { ClientIo } from "../client_io.ts";
import { formatJson, plainText } from "../output.ts";
import { describeEnd, parseExpiry } from "../personal_access_token_words.ts";
import { type MadeToken, openTokenApi } from "../personal_access_tokens.ts";
import type { Selection } from "../session.ts";

export interface PatCreateOptions extends Selection {
  name: string;
  scope?: string[];
  /** As typed, see parseExpiry. */
  expires?: string;
  allowAddress?: string[];
  /** A service account to make it for. */
  for?: string;
  json?: boolean;
}

export async function patCreate(options: PatCreateOptions, io: ClientIo): Promise<number> {
  const expiresIn = parseExpiry(options.expires, io);
  const api = await openTokenApi(options, io);
  const made = await api.create({
    name: options.name,
    scopes: scopesIn(options.scope ?? []),
    ...(expiresIn !== undefined && { expires_in: expiresIn }),
    ...(options.allowAddress !== undefined && { allowed_addresses: options.allowAddress }),
    ...(options.for !== undefined && { owner: options.for }),
  });
  giveOut(made, options, io);
  io.stderr(`Made ${describeMade(made, io)}\n`);
  return EXIT.ok;
}

/** The secret, alone, for whoever reads our standard output. */
export function giveOut(made: MadeToken, { json }: { json?: boolean }, io: ClientIo): void {
  maskInActions(made.token, io);
  io.stdout(json ? formatJson(made) : `${made.token}\n`);
  if (io.stdoutIsTerminal && !json) {
    io.stderr("Copy it now: it is not shown again.\n");
  }
}

/** `ci (its beginning…) with deploy, until …`. */
export function describeMade(made: MadeToken, io: ClientIo): string {
  const { name, prefix, scopes, expires_at: expiresAt } = made;
  return `${plainText(name)} (${plainText(prefix)}…) with ` +
    `${plainText(scopes.join(" ")) || "no scope"}, ` +
    (expiresAt === null ? "without an end" : `until ${describeEnd(made, io)}`);
}

/** `--scope` may be given several times, and may hold several scopes. */
function scopesIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.split(/[\s,]+/)))].filter((each) => each !== "");
}

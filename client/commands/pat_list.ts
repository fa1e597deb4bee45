/** `pat list`: the tokens there are, with a warning of those that end soon. */
import { EXIT } from "../../shared/exit_codes.ts";
import type { ClientIo } from "../client_io.ts";
import { columns } from "../columns.ts";
import { formatJson, plainText } from "../output.ts";
import {
  describeEnd,
  describeLastUse,
  hasEnded,
  warnOfEnds,
} from "../personal_access_token_words.ts";
import { openTokenApi } from "../personal_access_tokens.ts";
import type { Selection } from "../session.ts";

export interface PatListOptions extends Selection {
  search?: string;
  /** Those that have ended as well. */
  ended?: boolean;
  /** Everybody's, for administrators. */
  all?: boolean;
  json?: boolean;
}

export async function patList(options: PatListOptions, io: ClientIo): Promise<number> {
  const { search, all, ended, json } = options;
  const api = await openTokenApi(options, io);
  const tokens = (await api.list({ search, all }))
    .filter((token) => ended || hasEnded(token, io) === undefined);
  if (json) {
    io.stdout(formatJson(tokens));
  } else if (tokens.length === 0) {
    io.stderr("There are no tokens.\n");
  } else {
    io.stdout(columns([
      ["NAME", "BEGINS WITH", "SCOPES", "ENDS", "LAST USED", ...all ? ["OWNER"] : [], "ID"],
      ...tokens.map((token) => [
        plainText(token.name, 40),
        plainText(token.prefix, 20),
        plainText(token.scopes.join(" "), 60) || "-",
        describeEnd(token, io),
        describeLastUse(token),
        ...all ? [plainText(token.owner.username, 40)] : [],
        plainText(token.id, 40),
      ]),
    ]));
  }
  warnOfEnds(tokens, io);
  return EXIT.ok;
}

/** Options that several commands have. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";
import { DEFAULT_MIN_TTL } from "../auth/min_ttl.ts";
import { collectScopes, SCOPE_NOTATION } from "../../shared/oauth/scope_option.ts";

/** The options that select a login have a heading of their own. */
const LOGIN_GROUP = "Login:";

export const server = () =>
  new Option("--server <url>", "the server (default: the active login's)").helpGroup(LOGIN_GROUP);

export const account = () =>
  new Option("--account <name>", "the account, if there are several").helpGroup(LOGIN_GROUP);

export const noBrowser = () =>
  new Option("--no-browser", "do not open a browser for the approval").helpGroup(LOGIN_GROUP);

export const owner = () =>
  new Option("--owner <account>", "administrators: the account that owns it");

export const exchange = (command: Command) =>
  command.option("--exchange", `exchange the token in ${brand.envPrefix}_TOKEN for a short JWT`);

export const scope = (description: string) =>
  new Option("--scope <scopes>", `${description} ${SCOPE_NOTATION}`).argParser(collectScopes);

export const expires = (fallback: string) =>
  new Option("--expires <when>", `90d, 12h, 2027-01-31 or never (default: ${fallback})`);

export const minTtl = () =>
  new Option("--min-ttl <duration>", "renew if less is left: 90s, 5m, 1h").default(DEFAULT_MIN_TTL);

export const tokenStdin = (description = "read the token from standard input") =>
  new Option("--token-stdin", description);

/** For options that may be repeated. */
export const collect = (value: string, previous: string[] = []) => [...previous, value];

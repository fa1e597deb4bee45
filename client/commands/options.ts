/** Options that several commands have. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";

export const server = () =>
  new Option("--server <url>", "the server (default: the active login's)");

export const account = () => new Option("--account <name>", "the account, where there are several");

export const noBrowser = () =>
  new Option("--no-browser", "where approval is needed: only print where to approve");

export const owner = () =>
  new Option("--for <account>", "administrators: the account it belongs to");

export const exchange = (command: Command) =>
  command.option("--exchange", `trade the token in ${brand.envPrefix}_TOKEN for a short JWT`);

/** For options that may be given several times. */
export const collect = (value: string, all: string[] = []) => [...all, value];

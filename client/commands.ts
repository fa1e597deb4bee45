/** The client's commands. The code of each is loaded when it runs. */
import type { CommandEntry } from "../shared/command_line.ts";
import type { ClientIo } from "./io.ts";

type Entries = readonly CommandEntry<ClientIo>[];

export const loginCommands: Entries = [
  {
    name: "login",
    summary: "log in by approving a code in a browser, on any device",
    mayNotice: true,
    load: () => import("./commands/login.ts"),
  },
  {
    name: "status",
    summary: "show logins, where their credentials are stored, and when they expire",
    mayNotice: true,
    load: () => import("./commands/status.ts"),
  },
  {
    name: "whoami",
    summary: "show the account that the token belongs to",
    mayNotice: true,
    load: () => import("./commands/whoami.ts"),
  },
  {
    name: "switch",
    summary: "select the active login",
    mayNotice: true,
    load: () => import("./commands/switch.ts"),
  },
  {
    name: "logout",
    summary: "revoke the login on the server and delete its credentials",
    mayNotice: true,
    load: () => import("./commands/logout.ts"),
  },
];

export const tokenCommands: Entries = [
  {
    name: "token",
    summary: "print an access token, renewed if necessary",
    load: () => import("./commands/token.ts"),
    loadWithoutArguments: () => import("./commands/print_token.ts"),
  },
  {
    name: "exec",
    summary: "run a program with a valid token in its environment",
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "pat",
    summary: "manage personal access tokens, for CI and scripts",
    mayNotice: true,
    load: () => import("./commands/pat/pat.ts"),
  },
  {
    name: "scopes",
    summary: "list the scopes that logins and tokens can have",
    mayNotice: true,
    load: () => import("./commands/scopes.ts"),
  },
  {
    name: "auth",
    summary: "provide tokens to git, docker, cargo, go, pip and other programs",
    load: () => import("./commands/auth/auth.ts"),
  },
  {
    name: "scan",
    summary: "find leaked tokens in files, diffs and git; exits 1 if there are any",
    load: () => import("./commands/scan.ts"),
  },
];

export const moreCommands: Entries = [
  {
    name: "doctor",
    summary: "find out why something does not work: store, server, clock, login, CI identity",
    mayNotice: true,
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "docs",
    summary: "read the documentation in the terminal, without a network",
    load: () => import("./commands/docs.ts"),
  },
  {
    name: "upgrade",
    summary: "replace this program by a newer version, or go back to the one before",
    load: () => import("./commands/upgrade.ts"),
  },
  {
    name: "completion",
    summary: "print a completion script for your shell",
    load: () => import("./commands/completion/completion.ts"),
  },
  {
    name: "version",
    summary: "print version, commit and Deno version",
    load: () => import("./commands/version.ts"),
  },
];

/** Commands that `auth` has in other programs: `auth login` is `login`. */
export const AUTH_SHORTCUTS: ReadonlySet<string> = new Set([
  "login",
  "logout",
  "status",
  "switch",
  "token",
  "whoami",
]);

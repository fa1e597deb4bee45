/** The client's commands, without their code: each is loaded when it runs. */
import type { CommandEntry } from "../shared/command_line.ts";
import type { ClientIo } from "./io.ts";

type Entries = readonly CommandEntry<ClientIo>[];

/** Commands around a login. */
export const loginCommands: Entries = [
  {
    name: "login",
    summary: "log in with a code that you approve in a browser, on any device",
    load: () => import("./commands/login.ts"),
  },
  {
    name: "logout",
    summary: "end the session on the server, then forget its credentials",
    load: () => import("./commands/logout.ts"),
  },
  {
    name: "switch",
    summary: "choose the active login among several",
    load: () => import("./commands/switch.ts"),
  },
  {
    name: "status",
    summary: "say who is logged in, where, with credentials from where, and until when",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "whoami",
    summary: "ask the server who the token belongs to",
    load: () => import("./commands/whoami.ts"),
  },
  {
    name: "token",
    summary: "print an access token that is good for a while, renewing it if necessary",
    load: () => import("./commands/token.ts"),
  },
  {
    name: "completion",
    summary: "print a completion script for your shell",
    load: () => import("./commands/completion/completion.ts"),
  },
];

/** Commands that use tokens, and personal access tokens. */
export const tokenCommands: Entries = [
  {
    name: "pat",
    summary: "personal access tokens, for CI and scripts",
    load: () => import("./commands/pat/pat.ts"),
  },
  {
    name: "exec",
    summary: "run a program with a valid token in its environment",
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "auth",
    summary: "hand tokens to git, kubectl and docker",
    load: () => import("./commands/auth/auth.ts"),
  },
  {
    name: "scan",
    summary: "look for tokens where none belong; exits 1 if there are any",
    load: () => import("./commands/scan.ts"),
  },
];

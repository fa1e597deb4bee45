/** The operator's commands, without their code: each is loaded when it runs. */
import type { CommandEntry } from "../../shared/command_line.ts";
import type { ServerIo } from "../io.ts";

export const serverCommands: readonly CommandEntry<ServerIo>[] = [
  { name: "serve", summary: "run the server", load: () => import("./serve.ts") },
  {
    name: "migrate",
    summary: "bring the database to this version's schema",
    load: () => import("./migrate.ts"),
  },
  {
    name: "healthcheck",
    summary: "check whether the server on this machine is ready",
    load: () => import("./healthcheck.ts"),
  },
  {
    name: "admin",
    summary: "manage accounts, clients, resources, trust rules and keys",
    load: () => import("./admin/admin.ts"),
  },
  {
    name: "check-cli",
    summary: "check that a command line keeps its login and its secrets",
    load: () => import("./check_cli.ts"),
  },
];

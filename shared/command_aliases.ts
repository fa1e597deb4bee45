/** Other names of subcommands, as users of other programs type them. */
import type { Command } from "commander";

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  add: ["new", "create"],
  create: ["new", "add"],
  delete: ["rm", "remove"],
  list: ["ls"],
  remove: ["rm", "delete"],
  revoke: ["rm", "delete", "remove"],
  show: ["view", "get"],
  edit: ["update"],
  update: ["edit"],
};

/** Gives the subcommands of `group` their other names, unless one is the name of a sibling. */
export function addAliases(group: Command): void {
  const taken = new Set(group.commands.map((command) => command.name()));
  for (const command of group.commands) {
    const free = (ALIASES[command.name()] ?? []).filter((alias) => !taken.has(alias));
    for (const alias of free) taken.add(alias);
    command.aliases(free);
  }
}

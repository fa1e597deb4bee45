import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

const CLEARABLE = ["description", "from"];

export function declareGroup(admin: Command, server: Run<ServerIo>): void {
  const group = admin.command("group")
    .description("manage groups, which decide who may have a scope");
  settings(database(group.command("add")))
    .description("add a group")
    .argument("<name>", "name of the group, as scopes name it")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin group add deployers`, "a group whose members are added here"],
        [
          `${bin} admin group add deployers --from "okta:Release Managers"`,
          "also for the members of a group of the directory okta",
        ],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./group/add.ts")).adminGroupAdd(name, options, io))
    );
  tableOptions(database(group.command("list")))
    .description("list groups")
    .addHelpText("after", examples([`${bin} admin group list`, "list all groups"]))
    .action((options) =>
      server(async (io) => (await import("./group/list.ts")).adminGroupList(options, io))
    );
  database(group.command("show"))
    .description("show a group, its members and where each membership comes from")
    .argument("<name>", NAME)
    .option("--search <text>", "only members with this text in the address or name")
    .option("--limit <number>", "list at most this many members (default: 100)")
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin group show deployers`, "show one group"]))
    .action((name, options) =>
      server(async (io) => (await import("./group/show.ts")).adminGroupShow(name, options, io))
    );
  settings(database(group.command("update")))
    .description("change the description of a group, or the directories that it comes from")
    .argument("<name>", NAME)
    .addOption(
      new Option(
        "--clear <setting>",
        "remove the description, or the limit to certain groups of directories: from (repeatable)",
      ).argParser(collectChoices(CLEARABLE)),
    )
    .option("--force", "also if no administrator is left")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin group update admin --from okta:Admins`,
          "let a directory create administrators",
        ],
        [`${bin} admin group update deployers --from none`, "only members who were added here"],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./group/update.ts")).adminGroupUpdate(name, options, io))
    );
  database(group.command("remove"))
    .description("remove a group, also from the scopes of resources")
    .argument("<name>", NAME)
    .option("--dry-run", "only print who would lose which scopes")
    .addHelpText(
      "after",
      examples([`${bin} admin group remove deployers --dry-run`, "print who would lose what"]),
    )
    .action((name, options) =>
      server(async (io) => (await import("./group/remove.ts")).adminGroupRemove(name, options, io))
    );
  database(group.command("add-member"))
    .description("add a user to a group, whatever directories say")
    .argument("<name>", NAME)
    .argument("<user>", USER)
    .addHelpText(
      "after",
      examples([`${bin} admin group add-member deployers bob@example.com`, "add Bob"]),
    )
    .action((name, user, options) =>
      server(async (io) =>
        (await import("./group/members.ts")).adminGroupAddMember({ name, user }, options, io)
      )
    );
  database(group.command("remove-member"))
    .description("remove a user who was added to a group here")
    .argument("<name>", NAME)
    .argument("<user>", USER)
    .option("--force", "remove also the last administrator from the group admin")
    .addHelpText(
      "after",
      examples([`${bin} admin group remove-member deployers bob@example.com`, "remove Bob"]),
    )
    .action((name, user, options) =>
      server(async (io) =>
        (await import("./group/members.ts")).adminGroupRemoveMember({ name, user }, options, io)
      )
    );
}

const NAME = "name of the group";
const USER = "e-mail address or id of the user";

function settings(command: Command): Command {
  return command
    .option("--description <text>", "what the group is for")
    .option(
      "--from <directory:group>",
      "group of a directory whose members belong to it, or none (repeatable; default: groups of " +
        "any directory that have its name)",
      collect,
    );
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

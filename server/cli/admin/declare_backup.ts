import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareBackup(admin: Command, server: Run<ServerIo>): void {
  database(admin.command("backup"))
    .description("back up the database, while the server runs or not")
    .argument("<file>", "file to write; - for standard output")
    .option("--recipient <key>", "encrypt for an age public key (repeatable)", collect)
    .option("--passphrase", "encrypt with a passphrase, which is asked for twice")
    .option("--passphrase-file <file>", "encrypt with the passphrase in a file")
    .option("--overwrite", "replace the file if it exists")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin backup auth.backup --passphrase`,
          "write an encrypted backup",
        ],
        [
          `${bin} admin backup auth.backup --recipient age1…`,
          "encrypt it for a key whose private half is elsewhere",
        ],
        [
          `${bin} admin backup - --recipient age1… | ssh backup@host 'cat > auth.backup'`,
          "send it to another machine",
        ],
      ),
    )
    .action((file, options) =>
      server(async (io) => (await import("./keeping/backup.ts")).adminBackup(file, options, io))
    );
  database(admin.command("restore"))
    .description("restore a backup as the embedded database, while the server is stopped")
    .argument("<file>", "file that admin backup has written")
    .option("--verify", "check the whole file, and change nothing")
    .option("--force", "replace the present database, which is kept under another name")
    .option("--identity <file>", "decrypt with the age private keys in a file")
    .option("--passphrase", "decrypt with a passphrase, which is asked for")
    .option("--passphrase-file <file>", "decrypt with the passphrase in a file")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin restore auth.backup --verify`, "check a backup"],
        [`${bin} admin restore auth.backup --force`, "return to the state of a backup"],
      ),
    )
    .action((file, options) =>
      server(async (io) => (await import("./keeping/restore.ts")).adminRestore(file, options, io))
    );
  moveTo(admin, server);
  revokeSince(admin, server);
}

function moveTo(admin: Command, server: Run<ServerIo>): void {
  database(admin.command("move-to"))
    .description("move the embedded database to PostgreSQL, while the server is stopped")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin move-to --database-url-file url.txt`,
          "move it, or continue after an interruption",
        ],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./keeping/move_to.ts")).adminMoveTo(options, io))
    );
}

function revokeSince(admin: Command, server: Run<ServerIo>): void {
  database(admin.command("revoke-since"))
    .description("after a restore: end what may have been revoked or used since the backup")
    .argument("<time>", "time of the backup, as restore prints it")
    .option("--audit <file>", "audit events since then, for what exactly was revoked; - for input")
    .option("--all-logins", "revoke all logins that there were at that time")
    .option("--all-tokens", "revoke all personal access tokens that there were at that time")
    .option("--recovery-codes", "delete all recovery codes that there were at that time")
    .option("--apply", "do it (default: print how much it would be)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin revoke-since 2026-11-26T20:36:25Z --audit audit.jsonl`,
          "print what the audit log of the time since then has",
        ],
        [
          `${bin} admin revoke-since 2026-11-26T20:36:25Z --all-logins --all-tokens --apply`,
          "without an audit log: everyone logs in again",
        ],
      ),
    )
    .action((time, options) =>
      server(async (io) =>
        (await import("./keeping/revoke_since.ts")).adminRevokeSince(time, options, io)
      )
    );
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

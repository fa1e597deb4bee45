/** `upgrade`: replaces this program by another version of it. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";
import { findOwner } from "../upgrade/program_owner.ts";
import { RELEASE_URL_VARIABLE } from "../upgrade/release_url.ts";
import { type RunningProgram, runningProgram } from "../upgrade/running_program.ts";
import { parseVersion } from "../upgrade/semver.ts";
import { updateState } from "../upgrade/update_state.ts";
import {
  checkForUpgrade,
  rollBackProgram,
  type Upgrade,
  upgradeProgram,
} from "../upgrade/upgrade_program.ts";

export interface UpgradeCommandOptions {
  check?: boolean;
  rollback?: boolean;
  baseUrl?: string;
  trustedRoot?: string;
  skipProvenance?: boolean;
  notice?: "on" | "off";
  json?: boolean;
}

export async function upgrade(
  typed: string | undefined,
  options: UpgradeCommandOptions,
  io: ClientIo,
  program: RunningProgram = runningProgram(io),
): Promise<number> {
  const modes = [options.check, options.rollback, options.notice, typed !== undefined];
  if (modes.filter(Boolean).length > 1) {
    throw new ClientError(
      "invalid_option",
      "Use only one of: a version, --check, --rollback, --notice.",
    );
  }
  if (options.notice !== undefined) return await setNotice(options.notice, io);
  if (options.check) return await check(options, program, io);
  if (options.rollback) {
    const rolledBack = await rollBackProgram(program, io);
    report({ ...rolledBack, replaced: undefined }, true, options, program, io);
    return EXIT.ok;
  }
  const version = typed === undefined || typed === "latest" ? undefined : parseTyped(typed);
  const result = await upgradeProgram({ ...options, version }, program, io);
  const isChanged = result.replaced !== undefined;
  report(result, isChanged, options, program, io);
  if (!isChanged && !options.json) {
    const reason = version === undefined ? ", and there is no newer version" : " already";
    io.stderr(`${result.path} is ${result.from}${reason}.\n`);
  }
  return EXIT.ok;
}

async function check(
  options: UpgradeCommandOptions,
  program: RunningProgram,
  io: ClientIo,
): Promise<number> {
  const { latest, isNewer } = await checkForUpgrade(options, program, io);
  // The notice shows what was found last.
  await updateState({ checkedAt: io.clock.now(), latest }, io);
  if (options.json) {
    io.stdout(formatJson({ version: program.version, latest, updateAvailable: isNewer }));
  } else if (isNewer) {
    io.stdout(`${program.name} ${latest} is available; this is ${program.version}.\n`);
    io.stderr(`${await advice(program, io)}\n`);
  } else {
    io.stdout(`There is no newer version; this is ${program.name} ${program.version}.\n`);
  }
  return isNewer ? EXIT.updateAvailable : EXIT.ok;
}

async function advice(program: RunningProgram, io: ClientIo): Promise<string> {
  const path = await Deno.realPath(program.path).catch(() => program.path);
  const owner = program.isCompiled ? await findOwner(path, program, io) : undefined;
  return owner?.advice ?? `Run: ${program.name} upgrade`;
}

function report(
  { path, from, to, replaced }: Upgrade,
  isChanged: boolean,
  { json }: UpgradeCommandOptions,
  { name }: RunningProgram,
  io: ClientIo,
): void {
  if (json) {
    const { previous = null, provenance = null } = replaced ?? {};
    io.stdout(formatJson({ path, from, to, changed: isChanged, previous, provenance }));
    return;
  }
  if (!isChanged) return;
  io.stderr(`${path} is now ${to}; it was ${from}.\n`);
  io.stderr(`To undo this: ${name} upgrade --rollback\n`);
  io.stderr(`A running server stays ${from} until it is restarted: ${name} docs upgrading\n`);
}

async function setNotice(notice: "on" | "off", io: ClientIo): Promise<number> {
  if (!await updateState({ notice }, io)) {
    throw new ClientError(
      "config_file",
      `This cannot be stored. Set ${brand.envPrefix}_CONFIG_DIR to a folder that only you can read.`,
    );
  }
  io.stderr(`Notices of newer versions are ${notice}.\n`);
  return EXIT.ok;
}

function parseTyped(text: string): string {
  const version = parseVersion(text);
  if (version !== undefined) return version;
  throw new ClientError(
    "invalid_option",
    `${JSON.stringify(sanitizeLine(text, 60))} is not a version. Write it like 1.2.3.`,
  );
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[version]", "the version to install, also an older one (default: the newest)")
    .option("--check", "only say whether there is a newer version; exits 100 if there is")
    .option("--rollback", "go back to the program that the last upgrade replaced")
    .option("--base-url <url>", `download from a mirror (default: ${RELEASE_URL_VARIABLE})`)
    .option("--skip-provenance", "do not check who built the program, only its checksum")
    .option("--trusted-root <file>", "check who built it with another trusted root of Sigstore")
    .addOption(
      new Option("--notice <when>", "say after other commands that there is a newer version")
        .choices(["on", "off"]),
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} upgrade`, "install the newest version in place of this one"],
        [`${bin} upgrade --check`, "only see whether there is one"],
        [`${bin} upgrade 1.2.3`, "install this version, newer or older"],
        [`${bin} upgrade --rollback`, "undo the last upgrade"],
      ),
    )
    .action((version, options) => client((io) => upgrade(version, options, io)));
}

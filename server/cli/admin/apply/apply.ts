import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { createStyle, hasStyle } from "../../../../shared/terminal_style.ts";
import type { ApplyRequest } from "../../../admin/apply/apply_state.ts";
import type { OperationSession } from "../../../admin/run_operation.ts";
import { describePlan } from "../../../apply/describe_plan.ts";
import { stateSchema } from "../../../apply/json_schema.ts";
import { hasDangers, type Plan } from "../../../apply/plan.ts";
import { KINDS } from "../../../apply/schema.ts";
import type { ConfigProblem } from "../../../config/problem.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { type NamedState, readFiles } from "../../../apply/read_files.ts";
import { adminSession } from "../command.ts";
import { readPlanId } from "./read_plan.ts";
import { readSecrets } from "../../../apply/read_secrets.ts";
import { printState } from "./print_state.ts";
import { releaseThings } from "./release_things.ts";

export interface ApplyOptions extends DatabaseOptions {
  file?: string[];
  plan?: boolean;
  name?: string;
  adopt?: boolean;
  force?: boolean;
  yes?: boolean;
  detailedExitcode?: boolean;
  json?: boolean;
  output?: string;
  approved?: string;
  release?: string[];
  print?: boolean;
  schema?: boolean;
}

/** With --detailed-exitcode, as Terraform has it. */
const CHANGES = 2;

/** `admin apply`: makes the server what files declare, after showing what that changes. */
export async function adminApply(options: ApplyOptions, io: ServerIo): Promise<number> {
  const { file, release, print, schema, plan, approved } = options;
  if ([file, release, print, schema].filter((mode) => mode !== undefined).length !== 1) {
    return reportUsage(
      "Name a file with -f, such as -f auth.toml, or use one of --release, --print and --schema.",
      io,
    );
  }
  if (schema) {
    io.stdout(formatJson(stateSchema(`Files of ${brand.binaryName} admin apply`)));
    return EXIT.ok;
  }
  if (release !== undefined) return await releaseThings(release, options, io);
  if (print) return await printState(options, io);
  for (const option of ["detailedExitcode", "output"] as const) {
    if (options[option] !== undefined && !plan) {
      return reportUsage(
        `${option === "output" ? "--output" : "--detailed-exitcode"} needs --plan.`,
        io,
      );
    }
  }
  if (plan && approved !== undefined) {
    return reportUsage("--plan and --approved exclude each other.", io);
  }
  const planId = approved === undefined ? undefined : await readPlanId(approved);
  if (planId === null) {
    return reportUsage(
      `${approved} is not a plan. Write one with --plan --output ${approved}.`,
      io,
    );
  }
  const state = await readFiles(file!, options.name, io);
  if (Array.isArray(state)) return reportFiles(state, io);
  let applied: number | undefined;
  const code = await adminSession(
    databaseOf(options),
    io,
    async (session) => applied = await applyFiles(session, { state, planId }, options, io),
  );
  // 2 would be taken for changes.
  return applied ?? (options.detailedExitcode ? EXIT.failure : code);
}

async function applyFiles(
  session: OperationSession,
  { state, planId }: { state: NamedState; planId: string | undefined },
  options: ApplyOptions,
  io: ServerIo,
): Promise<number> {
  noteIgnored(state, io);
  const secrets = await readSecrets(state, { optional: options.plan === true }, io);
  if (secrets.problems.length > 0) return reportFiles(secrets.problems, io);
  for (const note of secrets.missing) {
    io.stderr(`Note: ${sanitizeLine(note, 500)} It is not compared.\n`);
  }
  const request: ApplyRequest = {
    name: state.name,
    things: secrets.things,
    adopt: options.adopt,
    force: options.force,
  };
  const plan = await session.run("applyState", { ...request, dryRun: true });
  if (plan instanceof DomainError) return reportRefusal(plan, state, io);
  show(plan, options, io);
  if (options.output !== undefined) {
    await Deno.writeTextFile(options.output, formatJson(toJson(plan)));
  }
  if (options.plan || plan.changes.length === 0) {
    return options.detailedExitcode && plan.changes.length > 0 ? CHANGES : EXIT.ok;
  }
  if (planId !== undefined && planId !== plan.id) {
    return reportDomainError({
      message:
        `This is another plan than that of ${options.approved}: the files or what is on the ` +
        "server have changed. Nothing was changed.",
      commandHint: "Look at it, and approve it again.",
    }, io);
  }
  const refused = await confirm(plan, options, io);
  if (refused !== undefined) return refused;
  const applied = await session.run("applyState", { ...request, planId: plan.id });
  if (applied instanceof DomainError) return reportRefusal(applied, state, io);
  io.stderr(`Applied ${plan.name}.\n`);
  return EXIT.ok;
}

function show(plan: Plan, { json }: ApplyOptions, io: ServerIo): void {
  if (json) io.stdout(formatJson(toJson(plan)));
  else {
    const style = createStyle(hasStyle(io.stdoutIsTerminal, io.env));
    io.stdout(describePlan(plan, style));
  }
}

/** A plan as `--json` prints it. */
export function toJson({ name, changes, unchanged, inConfigFile, id }: Plan) {
  return {
    name,
    id,
    changes: changes.map(({ action, kind, name, adopted, fields, dangers }) => ({
      action,
      kind,
      name,
      adopted,
      fields,
      dangers: dangers.map(({ code, message, advice = null }) => ({ code, message, advice })),
    })),
    unchanged,
    inConfigFile,
  };
}

/** Undefined: go on. */
async function confirm(
  plan: Plan,
  { yes, force, approved }: ApplyOptions,
  io: ServerIo,
): Promise<number | undefined> {
  if (hasDangers(plan) && !force) {
    return reportDomainError({
      message: "Changes marked with ! are dangerous. Nothing was changed.",
      commandHint: "To do them anyway, use --force.",
    }, io);
  }
  if (yes || approved !== undefined) return undefined;
  const confirmed = await io.confirm("Apply this?");
  if (confirmed === undefined) {
    return reportUsage("No terminal to ask for confirmation. To apply it, use --yes.", io);
  }
  if (confirmed) return undefined;
  io.stderr("Nothing was changed.\n");
  return EXIT.failure;
}

/** Names the place in the files of what an operation rejected. */
function reportRefusal(error: DomainError, state: NamedState, io: ServerIo): number {
  const place = placeOf(error, state);
  const message = place === undefined ? error.message : `${place}: ${error.message}`;
  return reportDomainError({ message, commandHint: error.commandHint }, io);
}

function placeOf({ field }: DomainError, state: NamedState): string | undefined {
  if (field === undefined || !field.startsWith("[")) return undefined;
  const [table, name, property] = JSON.parse(field) as string[];
  const kind = KINDS.find((kind) => kind.table === table)?.kind;
  if (
    kind === undefined || !state.things.some((thing) => thing.kind === kind && thing.name === name)
  ) {
    return undefined;
  }
  return state.place({ kind, name }, property);
}

function reportFiles(problems: readonly ConfigProblem[], io: ServerIo): number {
  io.stderr("Error: the files are not valid. Nothing was changed:\n");
  for (const { subject, message } of problems) {
    io.stderr(`  - ${sanitizeLine(`${subject}: ${message}`, 1000)}\n`);
  }
  return EXIT.failure;
}

function noteIgnored({ ignored }: NamedState, io: ServerIo): void {
  if (ignored.length === 0) return;
  io.stderr(
    `Note: ${ignored.join(", ")} ${
      ignored.length === 1 ? "is a setting" : "are settings"
    } of the ` +
      "server, which take effect when it starts with this file. They are not applied.\n",
  );
}

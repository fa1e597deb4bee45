/**
 * Runs the shell steps of a composite action or a GitLab job template as their
 * runners do, so that the tests cover the file that users use.
 */
import { join } from "node:path";
import { parse } from "yaml";
import { brand } from "../../shared/brand.ts";
import { start } from "./binary.ts";

interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: { id?: string; run: string; shell: string; env?: Record<string, string> }[] };
}

export interface ActionRun {
  /** Of the step that failed, or 0. */
  code: number;
  /** What the log would show: both streams, masked as the runner does. */
  log: string;
  outputs: Record<string, string>;
  /** What later steps find in their environment. */
  env: Record<string, string>;
  /** Folders later steps find first on their PATH. */
  path: string[];
}

export interface Runner {
  /** Where it creates its folders. */
  folder: string;
  /** The job's, without what the runner sets itself. */
  env: Record<string, string>;
  /** As `${{ github.… }}` has it. */
  github: Record<string, string>;
  /** Folder with programs of the runner, before those of this machine. */
  tools?: string;
}

/** A file of the repository, under the brand that is tested. */
async function read(file: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../${file}`, import.meta.url));
  return text.replaceAll("YOURAPP", brand.envPrefix).replaceAll("yourapp", brand.binaryName);
}

/** The steps of a composite action, in order, until one fails. */
export async function runAction(
  file: string,
  withInputs: Record<string, string>,
  { folder, env, github, tools }: Runner,
): Promise<ActionRun> {
  const action: Action = parse(await read(file));
  const inputs: Record<string, string> = {};
  for (const [name, { default: fallback, required }] of Object.entries(action.inputs)) {
    if (required && withInputs[name] === undefined) throw new Error(`the input ${name} is missing`);
    inputs[name] = withInputs[name] ?? fallback ?? "";
  }
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(inputs)) values[`inputs.${name}`] = value;
  for (const [name, value] of Object.entries(github)) values[`github.${name}`] = value;
  const evaluate = (text: string) =>
    text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, expression) => {
      const value = values[expression];
      if (value === undefined) throw new Error(`nothing is known of ${expression}`);
      return value;
    });

  const files = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH"];
  const result: ActionRun = { code: 0, log: "", outputs: {}, env: {}, path: [] };
  const masks: string[] = [];
  const temp = join(folder, "runner temp");
  await Deno.mkdir(temp, { recursive: true });
  for (const [index, step] of action.runs.steps.entries()) {
    if (step.shell !== "bash") throw new Error(`${step.shell} is not played here`);
    const script = join(temp, `${index}.sh`);
    await Deno.writeTextFile(script, step.run);
    const commandFiles = Object.fromEntries(files.map((name) => [name, join(temp, name + index)]));
    for (const name of files) await Deno.writeTextFile(commandFiles[name], "");
    const stepEnv = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value)]),
    );
    await using running = start(["--noprofile", "--norc", "-eo", "pipefail", script], {
      env: {
        ...runnerEnvironment(temp),
        ...env,
        ...result.env,
        ...commandFiles,
        ...stepEnv,
        PATH: [
          ...result.path.toReversed(),
          ...tools === undefined ? [] : [tools],
          Deno.env.get("PATH"),
        ]
          .join(":"),
      },
      stdin: "",
      cwd: folder,
      timeoutMs: 60_000,
    }, "bash");
    const { code, stdout, stderr } = await running.ended;
    for (const line of `${stderr}${stdout}`.split("\n")) {
      const [, masked] = /^::add-mask::(.+)$/.exec(line) ?? [];
      if (masked === undefined) result.log += `${line}\n`;
      else masks.push(masked.replaceAll("%25", "%"));
    }
    Object.assign(result.env, await assignments(commandFiles.GITHUB_ENV));
    const outputs = await assignments(commandFiles.GITHUB_OUTPUT);
    for (const [name, value] of Object.entries(outputs)) {
      values[`steps.${step.id}.outputs.${name}`] = value;
    }
    result.path.push(
      ...(await Deno.readTextFile(commandFiles.GITHUB_PATH)).split("\n")
        .filter((line) => line !== ""),
    );
    result.code = code;
    if (code !== 0) break;
  }
  for (const mask of masks) result.log = result.log.replaceAll(mask, "***");
  if (result.code === 0) {
    for (const [name, { value }] of Object.entries(action.outputs)) {
      const expression = value.slice(3, -2).trim();
      result.outputs[name] = values[expression] ?? "";
    }
  }
  return result;
}

function runnerEnvironment(temp: string): Record<string, string> {
  return {
    RUNNER_TEMP: temp,
    RUNNER_OS: Deno.build.os === "darwin" ? "macOS" : "Linux",
    RUNNER_ARCH: Deno.build.arch === "aarch64" ? "ARM64" : "X64",
  };
}

async function assignments(file: string): Promise<Record<string, string>> {
  const lines = (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => {
    const equals = line.indexOf("=");
    if (equals < 1) throw new Error("a line that is not an assignment would fail in the runner");
    return [line.slice(0, equals), line.slice(equals + 1)];
  }));
}

/** A job that extends a hidden job of the template: its `id_tokens`, and its script in one shell. */
export async function gitlabJob(file: string, name: string) {
  const template: Record<
    string,
    { before_script: string[]; id_tokens: Record<string, { aud: string }> }
  > = parse(await read(file));
  const { before_script, id_tokens } = template[name];
  return {
    idTokens: id_tokens,
    /** Runs the template's lines and then `script` in one shell, as GitLab's runner does. */
    async run(script: string[], env: Record<string, string>, cwd: string) {
      const lines = ["set -e", ...before_script, ...script].join("\n");
      await using running = start(["-c", lines], { env, stdin: "", cwd, timeoutMs: 60_000 }, "sh");
      return await running.ended;
    },
  };
}

/**
 * Kills commands that change a whole database, and the servers that work for them, at random
 * moments. The same command, repeated, must complete what was begun, and nothing may be lost.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type Ended, run, type Running, start } from "../binary.ts";
import { temporaryHome } from "../temporary_home.ts";
import { seededRandom } from "./random.ts";

export interface KillRound {
  /** An empty folder. */
  folder: string;
  random: () => number;
  /** Starts a command and kills it at a random moment; it may have finished before. */
  killed(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** Calls `kill` at a random moment of a command, which may fail then. */
  during(
    args: readonly string[],
    kill: (command: Running) => void,
    env?: Record<string, string>,
  ): Promise<Ended>;
  /** Runs a command, which must succeed. */
  succeeds(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
}

export interface KillScenario {
  name: string;
  /** How long its command takes, more or less; it is measured then. */
  typicalMs: number;
  round(round: KillRound): Promise<void>;
}

/** What the rounds of some scenarios begin with. */
export interface KillScenarios {
  names: readonly string[];
  /** Called once, and only if rounds need it. */
  prepare(folder: string, cleanUp: AsyncDisposableStack): Promise<KillScenario[]>;
}

export interface CommandKillsOptions {
  /** Rounds, of one scenario after the other. */
  count: number;
  seed: number;
  scenarios: readonly KillScenarios[];
  /** Those with other names are left out. */
  only?: readonly string[];
  onProgress?(done: number, result: CommandKillsResult): void;
}

export interface CommandKillsResult {
  /** Processes that were killed before they had finished, by scenario. */
  kills: Record<string, number>;
  /** Those that had finished by then. */
  finished: number;
  faults: string[];
}

export async function runCommandKills(options: CommandKillsOptions): Promise<CommandKillsResult> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const random = seededRandom(options.seed);
  const prepared = join(home.folder, "prepared");
  await Deno.mkdir(prepared);
  const scenarios: KillScenario[] = [];
  const isChosen = (name: string) => options.only?.includes(name) ?? true;
  for (const { names, prepare } of options.scenarios) {
    if (!names.some(isChosen)) continue;
    scenarios.push(...(await prepare(prepared, cleanUp)).filter(({ name }) => isChosen(name)));
  }
  const kills = Object.fromEntries(scenarios.map(({ name }) => [name, 0]));
  const result: CommandKillsResult = { kills, finished: 0, faults: [] };
  for (let done = 0; done < options.count; done++) {
    const scenario = scenarios[done % scenarios.length];
    const folder = join(home.folder, `round-${done}`);
    await Deno.mkdir(folder);
    const during: KillRound["during"] = async (args, kill, env) => {
      const started = performance.now();
      await using command = start(args, { env: { ...home.env, ...env }, stdin: "" });
      const over = command.ended.then(() => true);
      if (await Promise.race([over, delay(random() * scenario.typicalMs * 1.1)]) === true) {
        const { code, stderr } = await command.ended;
        assert.equal(code, EXIT.ok, `${args.slice(0, 3).join(" ")}: ${stderr}`);
        scenario.typicalMs = performance.now() - started;
        result.finished++;
      } else {
        kills[scenario.name]++;
        kill(command);
      }
      return await command.ended;
    };
    const runHere: KillRound["run"] = (args, env) =>
      run(args, { env: { ...home.env, ...env }, stdin: "" });
    const round: KillRound = {
      folder,
      random,
      during,
      killed: (args, env) => during(args, (command) => command.kill("SIGKILL"), env),
      run: runHere,
      async succeeds(args, env) {
        const ended = await runHere(args, env);
        assert.equal(ended.code, EXIT.ok, `${args.slice(0, 3).join(" ")}: ${ended.stderr}`);
        return ended;
      },
    };
    try {
      await scenario.round(round);
    } catch (error) {
      result.faults.push(`${scenario.name}: ${(error as Error).stack}`);
    }
    await Deno.remove(folder, { recursive: true });
    options.onProgress?.(done + 1, result);
    if (result.faults.length > 0) break;
  }
  return result;
}

/** A copy of a data folder, in the folder of the round. */
export async function copyData(round: KillRound, from: string): Promise<string> {
  const dataDir = join(round.folder, "data");
  await cp(from, dataDir, { recursive: true });
  return dataDir;
}

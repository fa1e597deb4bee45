/** Steps of a credential store, each in a process of its own. */
import { fileURLToPath } from "node:url";
import type { CredentialStore } from "../../../client/credentials/store.ts";
import type { Step, StepResult } from "./store_process.ts";

const program = fileURLToPath(new URL("./store_process.ts", import.meta.url));

export interface StepRun extends StepResult {
  /** From start to end of the process. */
  ms: number;
}

export interface ProcessEnd {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
  ms: number;
}

/** Runs the step to the process's end, however that comes. */
export async function endOfStep(step: Step, env: Record<string, string>): Promise<ProcessEnd> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", "--no-prompt", program],
    clearEnv: true,
    env: { ...ownDeno(), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(step)));
  await input.close();
  const { code, signal, stdout, stderr } = await child.output();
  return {
    code,
    signal,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
    ms: performance.now() - started,
  };
}

export async function runStep(step: Step, env: Record<string, string>): Promise<StepRun> {
  const { code, stdout, stderr, ms } = await endOfStep(step, env);
  if (code !== 0) throw new Error(`the store's process failed: ${stderr}`);
  return { ...JSON.parse(stdout), ms };
}

/** A store whose every call runs in a process of its own. */
export function storeInProcesses(
  kind: "keychain" | "file",
  env: Record<string, string>,
): CredentialStore {
  const run = async (step: Step) => {
    const result = await runStep(step, env);
    if (result.error) throw new Error(`${result.error.name}: ${result.error.message}`);
    return result;
  };
  return {
    kind,
    description: kind,
    async get(key) {
      return (await run({ do: "get", kind, key })).credentials;
    },
    async set(key, credentials) {
      await run({ do: "set", kind, key, credentials });
    },
    checkWritable: () => Promise.resolve(),
    async delete(key) {
      await run({ do: "delete", kind, key });
    },
    async getRequested(key, id) {
      return (await run({ do: "get requested", kind, key, id })).requested;
    },
    async setRequested(key, id, token, now) {
      await run({ do: "set requested", kind, key, id, token, now });
    },
    async deleteRequested(key) {
      await run({ do: "delete requested", kind, key });
    },
  };
}

/** The package cache of Deno, whatever home folder the test uses. */
function ownDeno(): Record<string, string> {
  const names = ["PATH", "DENO_DIR", "DENO_TLS_CA_STORE", "SystemRoot"];
  const env = Object.fromEntries(
    names.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const home = Deno.env.get("HOME");
  return { ...(home && { DENO_DIR: `${home}/.cache/deno` }), ...env, DENO_NO_UPDATE_CHECK: "1" };
}

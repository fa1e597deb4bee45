/** Wall time, processor time and peak memory of whole processes. */
import { fileURLToPath } from "node:url";

export interface ProcessRun {
  command: string[];
  env: Record<string, string>;
}

export interface Measurement {
  wallMs: number;
  cpuMs: number;
  peakMb: number;
}

export class ProcessMeter implements AsyncDisposable {
  readonly #child = new Deno.Command("python3", {
    args: [fileURLToPath(new URL("./measure_processes.py", import.meta.url))],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  readonly #input = this.#child.stdin.getWriter();
  readonly #output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();

  /** Throws if the program fails. One call at a time. */
  async measure(run: ProcessRun): Promise<Measurement> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(run)}\n`));
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("the measuring process exited");
      line += value;
    }
    const { code, ...measurement } = JSON.parse(line) as Measurement & { code: number };
    if (code !== 0) throw new Error(`${run.command.join(" ")} exited with ${code}`);
    return measurement;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}

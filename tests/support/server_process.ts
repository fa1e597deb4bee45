/** `serve` of the compiled program, on a free port and data of its own. */
import { join } from "node:path";
import { freePort } from "./free_port.ts";
import { type Running, start } from "./binary.ts";

export interface ServerOptions {
  /** PostgreSQL's URL; the embedded database below `dataDir` if undefined. */
  databaseUrl?: string;
  dataDir: string;
  /** 127.0.0.1's; a free one if undefined. Give the old one to start again as the same issuer. */
  port?: number;
  env?: Record<string, string>;
  /** Further arguments of `serve`. */
  args?: string[];
  /** Another program than the one under test. */
  program?: string;
}

export interface ServerProcess extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or what `--issuer` said. */
  issuer: string;
  port: number;
  /** Where the first administrator is created; undefined once there is one. */
  setupUrl?: string;
  /** The process: its output, and `kill("SIGKILL")` for the worst case. */
  running: Running;
}

/** Starts a server and waits until it serves. Killed, not stopped, when disposed. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const port = options.port ?? freePort();
  const running = start(
    [
      ...["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", options.dataDir],
      ...(options.databaseUrl === undefined ? [] : ["--database-url", options.databaseUrl]),
      ...options.args ?? [],
    ],
    { env: { HOME: join(options.dataDir, ".."), ...options.env } },
    options.program,
  );
  try {
    const [, issuer] = await running.waitFor(/Address\s+(\S+)[^]*Ctrl-C/, 60_000);
    const [, setupUrl] = /(\S+\/setup\?token=\S+)/.exec(running.stdout()) ?? [];
    return { issuer, port, setupUrl, running, [Symbol.asyncDispose]: running[Symbol.asyncDispose] };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

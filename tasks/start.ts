// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * `deno task start`: from a clone to a first login in a minute. Runs the server
 * from the sources on its embedded database, leads through the first administrator
 * and a login in this terminal, and keeps serving until Ctrl-C. Arguments go to
 * `serve`.
 */
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { brand } from "../shared/brand.ts";
import { pinnedDeno } from "./pinned_deno.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = [
  ...["run", "--quiet", "--lock=deno.lock", "--frozen", "--allow-all", "main.ts"],
];

/** How the server is stopped: `signal` is aborted by the first Ctrl-C. */
const stopping = new AbortController();

/** Starts the server; what it says of itself is read, what it logs is shown. */
function spawnServer(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...PROGRAM, "serve", ...args],
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    // Out of the terminal's reach: Ctrl-C comes to us, and the server hears it once.
    detached: Deno.build.os !== "windows",
  }).spawn();
}

/** What the server says when it is ready; undefined if it ends before that. */
async function readySaying(server: Deno.ChildProcess): Promise<string | undefined> {
  let said = "";
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!said.includes("Ctrl-C")) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    said += value;
  }
  // Whatever follows is read and dropped, or the server would block on a full pipe.
  (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return said;
}

/** Runs a client command in this terminal, or with its output caught; gives its exit code. */
async function client(
  args: string[],
  output: "inherit" | "piped",
): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...PROGRAM, ...args],
    cwd: root,
    stdin: output === "inherit" ? "inherit" : "null",
    stdout: output,
    stderr: output === "inherit" ? "inherit" : "null",
  }).spawn();
  if (output === "piped") {
    const { code, stdout } = await child.output();
    return { code, text: new TextDecoder().decode(stdout).trim() };
  }
  const kill = () => {
    // A terminal has told it already; told twice it would not tidy up.
    if (Deno.stdin.isTerminal()) return;
    try {
      child.kill("SIGINT");
    } catch {
      // It has ended already.
    }
  };
  stopping.signal.addEventListener("abort", kill, { once: true });
  const { code } = await child.status;
  stopping.signal.removeEventListener("abort", kill);
  return { code, text: "" };
}

/** Whether the server still waits for its first user. Goes by no proxy, as `fetch` might. */
function setupRequired(issuer: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request(new URL("/readyz", issuer), (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => body += text);
      response.on("end", () => {
        try {
          resolve(JSON.parse(body).setup_required === true);
        } catch (error) {
          reject(error);
        }
      });
    }).on("error", reject).end();
  });
}

async function firstUser(issuer: string): Promise<void> {
  while (!stopping.signal.aborted && await setupRequired(issuer).catch(() => true)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function guide(issuer: string, said: string): Promise<void> {
  const [, data] = /Data\s+(.+)/.exec(said) ?? [];
  console.log(`${brand.productName} is running at ${issuer}`);
  if (data) console.log(`Data: ${data}`);
  const [setupUrl] = /\S+\/setup\?token=\S+/.exec(said) ?? [];
  if (setupUrl !== undefined) {
    console.log(`\n1. Make the first administrator: open this in a browser (it works once)\n`);
    console.log(`   ${setupUrl}\n\n   Waiting for you …`);
    await firstUser(issuer);
    if (stopping.signal.aborted) return;
    console.log("   Done.\n\n2. Log in from this terminal, as a developer does\n");
  }
  const known = await client(["whoami", "--server", issuer], "piped");
  if (stopping.signal.aborted) return;
  if (known.code === 0) {
    console.log(`\nYou are logged in as ${known.text}.`);
  } else {
    if (setupUrl === undefined) console.log("");
    const { code } = await client(["login", "--server", issuer], "inherit");
    if (stopping.signal.aborted) return;
    if (code !== 0) console.log(`\nNot logged in. To try again: ${await cli()} login`);
  }
  const curl = `curl --header "$(${await cli()} token --header)" ${issuer}/oauth/userinfo`;
  console.log(`
Try next, in another terminal, in this folder:
   ${await cli()} status
   ${await cli()} token
   ${curl}

The server goes on running here. Ctrl-C stops it.`);
}

/** How the program is called from the sources, by the Deno this task was called with. */
async function cli(): Promise<string> {
  const throughNpm = Deno.env.has("npm_lifecycle_event") || Deno.env.has("npm_command");
  const deno = throughNpm ? `npx --yes deno@${await pinnedDeno()}` : "deno";
  return `${deno} task --quiet cli`;
}

async function main(args: string[]): Promise<number> {
  console.log(`Starting ${brand.productName} … (the first start takes some seconds longer)`);
  const server = spawnServer(args);
  let interrupts = 0;
  const stop = () => {
    interrupts++;
    stopping.abort();
    try {
      // npm and `deno task` may pass the same Ctrl-C on: only a third one is impatience.
      if (interrupts === 1) server.kill("SIGINT");
      if (interrupts > 3) server.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);

  const said = await readySaying(server);
  const [, issuer] = /Address\s+(\S+)/.exec(said ?? "") ?? [];
  if (said !== undefined && issuer !== undefined) {
    guide(issuer, said).catch((error) => console.error(error.message));
  }
  const { code } = await server.status;
  return stopping.signal.aborted ? 0 : code;
}

Deno.exit(await main(Deno.args));

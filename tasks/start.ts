// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task start`: from a clone to a first login in a minute. Runs the server from the sources on
 * its embedded database, guides through creating the first administrator and a login in this
 * terminal, and serves until Ctrl-C. Arguments are passed to `serve`.
 */
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { brand } from "../shared/brand.ts";
import { pinnedDeno } from "./pinned_deno.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = [
  ...["run", "--quiet", "--lock=deno.lock", "--frozen", "--allow-all", "main.ts"],
];

/** Aborted by the first Ctrl-C. */
const stopping = new AbortController();

/** Starts the server. We read its output; its log goes to the terminal. */
function spawnServer(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...PROGRAM, "serve", ...args],
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    // In its own process group, so that it gets Ctrl-C once, from us.
    detached: Deno.build.os !== "windows",
  }).spawn();
}

/** What the server prints until it is ready; undefined if it exits before that. */
async function readUntilReady(server: Deno.ChildProcess): Promise<string | undefined> {
  let output = "";
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!output.includes("Ctrl-C")) {
    const { done, value } = await reader.read();
    if (done) return undefined;
    output += value;
  }
  // The rest is read and dropped, or the server would block on a full pipe.
  (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return output;
}

/** Runs a client command in this terminal, or captures its output. */
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
    // The terminal has sent it the signal already; a second one would skip its cleanup.
    if (Deno.stdin.isTerminal()) return;
    try {
      child.kill("SIGINT");
    } catch {
      // It has exited already.
    }
  };
  stopping.signal.addEventListener("abort", kill, { once: true });
  const { code } = await child.status;
  stopping.signal.removeEventListener("abort", kill);
  return { code, text: "" };
}

/** Whether the server has no user yet. Unlike `fetch`, it never uses a proxy. */
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

async function waitForFirstUser(issuer: string): Promise<void> {
  while (!stopping.signal.aborted && await setupRequired(issuer).catch(() => true)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function guide(issuer: string, output: string): Promise<void> {
  const [, data] = /Data\s+(.+)/.exec(output) ?? [];
  console.log(`${brand.productName} is running at ${issuer}`);
  if (data) console.log(`Data: ${data}`);
  const [setupUrl] = /\S+\/setup\?token=\S+/.exec(output) ?? [];
  if (setupUrl !== undefined) {
    console.log(
      `\n1. Create the first administrator. Open this link in a browser (it works once):\n`,
    );
    console.log(`   ${setupUrl}\n\n   Waiting …`);
    await waitForFirstUser(issuer);
    if (stopping.signal.aborted) return;
    console.log("   Done.\n\n2. Log in from this terminal, as a developer would\n");
  }
  const known = await client(["whoami", "--server", issuer], "piped");
  if (stopping.signal.aborted) return;
  if (known.code === 0) {
    console.log(`\nYou are logged in as ${known.text}.`);
  } else {
    if (setupUrl === undefined) console.log("");
    const { code } = await client(["login", "--server", issuer], "inherit");
    if (stopping.signal.aborted) return;
    if (code !== 0) console.log(`\nNot logged in. To try again, run: ${await cli()} login`);
  }
  const curl = `curl --header "$(${await cli()} token --header)" ${issuer}/oauth/userinfo`;
  console.log(`
Try these next, in another terminal in this folder:
   ${await cli()} status
   ${await cli()} token
   ${curl}

The server keeps running here. Press Ctrl-C to stop it.`);
}

/** The command that runs the program from the sources, with the Deno that runs this task. */
async function cli(): Promise<string> {
  const throughNpm = Deno.env.has("npm_lifecycle_event") || Deno.env.has("npm_command");
  const deno = throughNpm ? `npx --yes deno@${await pinnedDeno()}` : "deno";
  return `${deno} task --quiet cli`;
}

async function main(args: string[]): Promise<number> {
  const server = spawnServer(args);
  let interrupts = 0;
  const stop = () => {
    interrupts++;
    stopping.abort();
    try {
      // npm and `deno task` may forward the same Ctrl-C, so only a third one is another request.
      if (interrupts === 1) server.kill("SIGINT");
      if (interrupts > 3) server.kill("SIGKILL");
    } catch {
      // It has exited already.
    }
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);

  const output = await readUntilReady(server);
  const [, issuer] = /Address\s+(\S+)/.exec(output ?? "") ?? [];
  if (output !== undefined && issuer !== undefined) {
    guide(issuer, output).catch((error) => console.error(error.message));
  }
  const { code } = await server.status;
  return stopping.signal.aborted ? 0 : code;
}

Deno.exit(await main(Deno.args));

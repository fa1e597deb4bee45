// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * One step of a credential store in a process of its own, as a command would take
 * it: stdin has the step, stdout the result, and the process ends by Deno.exit.
 */
import type { AccountKey, Credentials, RequestedToken } from "../../../client/credentials/store.ts";
import { SecretService } from "../../../client/credentials/keychain/linux/secret_service.ts";
import type { SessionBus } from "../../../client/credentials/keychain/linux/session_bus.ts";
import { loadKeychainAddOn } from "../../../client/credentials/keychain/native_addon.ts";
import { chooseStore, openStore } from "../../../client/credentials/select.ts";

export type Step =
  | { do: "choose"; insecureStorage?: boolean }
  | { do: "get"; kind: "keychain" | "file"; key: AccountKey }
  | { do: "set"; kind: "keychain" | "file"; key: AccountKey; credentials: Credentials }
  | { do: "delete"; kind: "keychain" | "file"; key: AccountKey }
  | { do: "get requested"; kind: "keychain" | "file"; key: AccountKey; id: string }
  | {
    do: "set requested";
    kind: "keychain" | "file";
    key: AccountKey;
    id: string;
    token: RequestedToken;
    now: number;
  }
  | { do: "delete requested"; kind: "keychain" | "file"; key: AccountKey }
  | { do: "load add-on" }
  /** Reads a secret of the Secret Service, with another key of encryption each time. */
  | { do: "agree often"; times: number };

export interface StepResult {
  /** What `get` found. */
  credentials?: Credentials;
  /** What `get requested` found. */
  requested?: RequestedToken;
  /** What `choose` chose. */
  kind?: string;
  warning?: string;
  error?: { name: string; message: string };
  /** Whether the add-on's library is in the process. */
  addOnLoaded: boolean;
  /** How long it took, without the start of the process. */
  stepMs: number;
  /** How often this thread's event loop ran meanwhile, once in 20 ms at best. */
  ticks: number;
}

if (import.meta.main) {
  const step: Step = JSON.parse(await new Response(Deno.stdin.readable).text());
  const io = {
    env: Deno.env.toObject(),
    stderr: (text: string) => console.error(text),
    platform: {
      os: Deno.build.os,
      arch: Deno.build.arch,
      release: "",
      homeFolder: Deno.env.get("HOME") ?? "",
      programPath: "",
    },
  };
  const startedAt = performance.now();
  let ticks = 0;
  setInterval(() => ticks++, 20);
  const result = await take(step, io).catch((error) => ({
    error: { name: error.name, message: error.message },
  }));
  const stepMs = performance.now() - startedAt;
  const addOnLoaded = Deno.build.os === "linux" &&
    (await Deno.readTextFile("/proc/self/maps")).includes("keyring");
  console.log(JSON.stringify({ ...result, addOnLoaded, stepMs, ticks }));
  Deno.exit(0);
}

async function take(
  step: Step,
  io: Parameters<typeof openStore>[1],
): Promise<Partial<StepResult>> {
  if (step.do === "choose") {
    const { store, warning } = await chooseStore(
      { insecureStorage: step.insecureStorage ?? false },
      io,
    );
    return { kind: store.kind, warning };
  }
  if (step.do === "load add-on") {
    await loadKeychainAddOn();
    return {};
  }
  if (step.do === "agree often") {
    await agreeOften(step.times, io.env);
    return {};
  }
  const store = openStore(step.kind, io);
  switch (step.do) {
    case "get":
      return { credentials: await store.get(step.key) };
    case "set":
      await store.set(step.key, step.credentials);
      return {};
    case "delete":
      await store.delete(step.key);
      return {};
    case "get requested":
      return { requested: await store.getRequested(step.key, step.id) };
    case "set requested":
      await store.setRequested(step.key, step.id, step.token, step.now);
      return {};
    case "delete requested":
      await store.deleteRequested(step.key);
      return {};
  }
}

async function agreeOften(
  times: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const attributes = new Map([["service", "key agreement"]]);
  const secret = crypto.getRandomValues(new Uint8Array(40));
  for (let time = 0; time < times; time++) {
    let bus: SessionBus | undefined;
    const service = await SecretService.open(env, (opened) => bus = opened);
    if (time === 0) await service.create("key agreement", attributes, secret);
    const [item] = await service.search(attributes);
    const read = await service.read(item);
    if (read.toHex() !== secret.toHex()) throw new Error(`read ${read.toHex()}`);
    bus?.close();
  }
}

/** Profiles of V8, recorded through its inspector (Chrome DevTools Protocol, domain Profiler). */

/** What `Profiler.stop` returns, as far as it is used. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
}

export interface FunctionShare {
  name: string;
  /** File and line, from the last folders of its path. */
  place: string;
  /** Of the time in which the thread was busy. */
  share: number;
}

/** Microseconds between two samples. */
const SAMPLING_INTERVAL_US = 200;

/**
 * Samples in each function itself, most frequent first. The time between samples does not count: it
 * includes that in which the machine ran other programs.
 */
export function selfTimes({ nodes, samples }: CpuProfile): FunctionShare[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; place: string; samples: number }>();
  let busy = 0;
  for (const id of samples) {
    const { functionName, url, lineNumber } = frames.get(id)!;
    if (functionName === "(idle)") continue;
    const file = url.replace(/^ext:|^file:\/\//, "").split("/").slice(-3).join("/");
    const place = file === "" ? "" : `${file}:${lineNumber + 1}`;
    const name = functionName || "(anonymous)";
    const entry = times.get(`${name} ${place}`) ?? { name, place, samples: 0 };
    entry.samples++;
    busy++;
    times.set(`${name} ${place}`, entry);
  }
  return [...times.values()]
    .map(({ name, place, samples }) => ({ name, place, share: samples / busy }))
    .sort((a, b) => b.share - a.share);
}

export class Inspector implements Disposable {
  #id = 0;
  readonly #answers = new Map<number, (message: { result: unknown }) => void>();

  private constructor(private readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    };
  }

  /** Of a process with `--inspect=127.0.0.1:PORT`. */
  static async open(port: number): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    const [{ webSocketDebuggerUrl }] = await response.json();
    const socket = new WebSocket(webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const inspector = new Inspector(socket);
    await inspector.#call("Profiler.enable");
    await inspector.#call("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL_US });
    return inspector;
  }

  async profile(task: () => Promise<unknown>): Promise<CpuProfile> {
    await this.#call("Profiler.start");
    await task();
    const { profile } = await this.#call("Profiler.stop") as { profile: CpuProfile };
    return profile;
  }

  async #call(method: string, params = {}): Promise<unknown> {
    const id = ++this.#id;
    const answer = new Promise<{ result: unknown }>((resolve) => this.#answers.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    return (await answer).result;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

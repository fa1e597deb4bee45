/** Who a task is run for. */
export interface QueuedCaller {
  /** Callers of one network take turns with other networks together. */
  network: string;
  /** Tasks of known callers are run before those of unknown ones. */
  known: boolean;
}

export interface FairQueueLimits {
  /** Concurrent tasks, in total and for one network. */
  running: number;
  runningPerNetwork: number;
  /** Waiting tasks, in total and for one network. */
  waiting: number;
  waitingPerNetwork: number;
}

interface Task {
  caller: QueuedCaller | undefined;
  start(): void;
  reject(): void;
}

/** The network of tasks without a caller; only the total limits apply to it. */
const OWN = Symbol("own");
type Network = string | typeof OWN;

/**
 * Runs a few tasks at a time. Networks take turns, so that one which sends a hundred tasks delays
 * another one by a single task. When too many wait, the network with the most waiting tasks loses
 * its newest.
 */
export class FairQueue {
  #running = new Map<Network, number>();
  #waiting = {
    known: new Map<Network, Task[]>(),
    unknown: new Map<Network, Task[]>(),
  };

  #rejected = 0;

  /** `full` creates the error for a task that cannot wait, or that is dropped for another one. */
  constructor(private readonly limits: FairQueueLimits, private readonly full: () => Error) {}

  /** For metrics. */
  get state(): { running: number; waiting: number; rejected: number; limit: number } {
    return {
      running: total(this.#running),
      waiting: total(this.#waiting.known) + total(this.#waiting.unknown),
      rejected: this.#rejected,
      limit: this.limits.waiting,
    };
  }

  async run<T>(caller: QueuedCaller | undefined, task: () => Promise<T>): Promise<T> {
    const network = caller?.network ?? OWN;
    await new Promise<void>((resolve, reject) => {
      this.#enqueue(network, { caller, start: resolve, reject: () => reject(this.full()) });
    });
    try {
      return await task();
    } finally {
      this.#count(network, -1);
      this.#startNext();
    }
  }

  #enqueue(network: Network, task: Task): void {
    const turns = task.caller?.known === false ? this.#waiting.unknown : this.#waiting.known;
    const tasks = turns.get(network) ?? [];
    turns.set(network, tasks);
    tasks.push(task);
    this.#startNext();
    if (network !== OWN && tasks.length > this.limits.waitingPerNetwork) {
      this.#dropNewest(turns, network);
    } else if (total(this.#waiting.unknown) + total(this.#waiting.known) > this.limits.waiting) {
      const crowded = total(this.#waiting.unknown) > 0 ? this.#waiting.unknown : turns;
      this.#dropNewest(crowded, longest(crowded));
    }
  }

  #startNext(): void {
    while (total(this.#running) < this.limits.running) {
      const task = this.#next(this.#waiting.known) ?? this.#next(this.#waiting.unknown);
      if (task === undefined) return;
      this.#count(task.caller?.network ?? OWN, 1);
      task.start();
    }
  }

  /** The first task of the network whose turn it is, which goes to the end of the queue. */
  #next(turns: Map<Network, Task[]>): Task | undefined {
    for (const [network, tasks] of turns) {
      const running = this.#running.get(network) ?? 0;
      if (network !== OWN && running >= this.limits.runningPerNetwork) continue;
      turns.delete(network);
      const task = tasks.shift();
      if (tasks.length > 0) turns.set(network, tasks);
      return task;
    }
  }

  #dropNewest(turns: Map<Network, Task[]>, network: Network): void {
    const tasks = turns.get(network);
    this.#rejected++;
    tasks?.pop()?.reject();
    if (tasks?.length === 0) turns.delete(network);
  }

  #count(network: Network, change: 1 | -1): void {
    const running = (this.#running.get(network) ?? 0) + change;
    if (running === 0) this.#running.delete(network);
    else this.#running.set(network, running);
  }
}

function total(counts: Map<Network, Task[] | number>): number {
  let sum = 0;
  for (const value of counts.values()) sum += typeof value === "number" ? value : value.length;
  return sum;
}

/** The network with the most waiting tasks; of several, the last one. */
function longest(turns: Map<Network, Task[]>): Network {
  return [...turns].reduce((most, next) => next[1].length >= most[1].length ? next : most)[0];
}

/** Whose work waits for its turn. */
export interface QueuedCaller {
  /** What shares a place in the turn, such as a network. */
  network: string;
  /** Known callers go before unknown ones, who may be anyone. */
  known: boolean;
}

export interface FairQueueLimits {
  /** Tasks that run at a time, in all and for one network: the rest is for the others. */
  running: number;
  runningPerNetwork: number;
  /** Tasks that wait, in all and for one network. */
  waiting: number;
  waitingPerNetwork: number;
}

interface Task {
  caller: QueuedCaller | undefined;
  start(): void;
  reject(): void;
}

/** The place in the turn of work that no network asked for; only the bounds in all hold for it. */
const OWN = Symbol("own");
type Network = string | typeof OWN;

/**
 * Runs tasks a few at a time. Networks take turns, so that one which sends a hundred
 * delays another by one task and not by a hundred; known callers go first. When too many
 * wait, the network that holds the most places gives one up.
 */
export class FairQueue {
  #running = new Map<Network, number>();
  #waiting = {
    known: new Map<Network, Task[]>(),
    unknown: new Map<Network, Task[]>(),
  };

  /** `full` makes the error for a task that finds no place, or that loses it to a fairer one. */
  constructor(private readonly limits: FairQueueLimits, private readonly full: () => Error) {}

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
    const line = turns.get(network) ?? [];
    turns.set(network, line);
    line.push(task);
    this.#startNext();
    if (network !== OWN && line.length > this.limits.waitingPerNetwork) {
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

  /** The first task of the network whose turn it is, which then goes to the end of the turn. */
  #next(turns: Map<Network, Task[]>): Task | undefined {
    for (const [network, line] of turns) {
      const running = this.#running.get(network) ?? 0;
      if (network !== OWN && running >= this.limits.runningPerNetwork) continue;
      turns.delete(network);
      const task = line.shift();
      if (line.length > 0) turns.set(network, line);
      return task;
    }
  }

  #dropNewest(turns: Map<Network, Task[]>, network: Network): void {
    const line = turns.get(network);
    line?.pop()?.reject();
    if (line?.length === 0) turns.delete(network);
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

/** The network with the most waiting tasks; of several the one that came last. */
function longest(turns: Map<Network, Task[]>): Network {
  return [...turns].reduce((one, other) => other[1].length >= one[1].length ? other : one)[0];
}

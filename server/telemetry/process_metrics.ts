import process from "node:process";
import type { Metrics } from "./metrics.ts";

const LAG_INTERVAL_MS = 500;

type ProcessMetrics = Pick<
  Metrics,
  | "processStart"
  | "processCpu"
  | "processMemory"
  | "processHeap"
  | "processOpenFiles"
  | "eventLoopLag"
>;

/** Measures this process until it is disposed. */
export function measureProcess(metrics: ProcessMetrics): Disposable {
  metrics.processStart.set({}, Math.round(performance.timeOrigin) / 1000);
  metrics.processCpu.read(() => {
    const { user, system } = process.cpuUsage();
    return [[{}, (user + system) / 1e6]];
  });
  metrics.processMemory.read(() => [[{}, Deno.memoryUsage().rss]]);
  metrics.processHeap.read(() => [[{}, Deno.memoryUsage().heapUsed]]);
  metrics.processOpenFiles.read(() => [[{}, openFiles()]]);
  let plannedAt = performance.now() + LAG_INTERVAL_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    metrics.eventLoopLag.observe({}, Math.max(0, now - plannedAt) / 1000);
    plannedAt = now + LAG_INTERVAL_MS;
  }, LAG_INTERVAL_MS);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function openFiles(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    let count = 0;
    for (const _ of Deno.readDirSync("/proc/self/fd")) count++;
    return count;
  } catch {
    return undefined;
  }
}

/** What `serve` writes, as text or as a log of JSON objects. */
import { brand } from "../../shared/brand.ts";
import { wrapForStdout } from "../../shared/wrap_text.ts";
import { version } from "../../shared/version.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ServerIo } from "../io.ts";
import { createLog, type Log, type LogFields, type LogLevel } from "../log.ts";
import type { RunningServer } from "../serve.ts";
import type { OnStartProgress } from "../start_progress.ts";
import { startedLine, type WorkerRole } from "../workers/worker_role.ts";
import { startDisplay } from "./start_display.ts";

type StderrIo = Pick<ServerIo, "stderr">;

export interface ServeOutput {
  log: Log;
  /** For messages of a level: what they write to standard error. */
  messages(level: LogLevel): StderrIo;
  starting(): void;
  onProgress: OnStartProgress;
  /** Passes on a line of a worker. */
  relay(line: string): void;
  started(server: Running): void;
  stopping(): void;
  stopped(): void;
}

type Output = Omit<ServeOutput, "started"> & { started(server: Started): void };
/** What the messages at the start are about. */
export type Running =
  & Pick<
    RunningServer,
    "issuer" | "metricsUrl" | "storage" | "migrated" | "setupUrl"
  >
  & {
    /** Processes, if there are several. */
    workers?: number;
  };
type Started = Running & { configFile: string };

export function serveOutput(
  { config: { log }, configFile }: Pick<LoadedConfig, "configFile"> & {
    config: Pick<ServerConfig, "log">;
  },
  io: ServerIo,
  role?: WorkerRole,
): ServeOutput {
  if (role !== undefined) return workerOutput(log, io, role);
  const output = log.format === "json" ? jsonOutput(log, io) : textOutput(log, io);
  const { description } = configFile;
  return {
    ...output,
    started: (server) => output.started({ ...server, configFile: description }),
  };
}

/** Messages to the user, and log lines for events. */
function textOutput(options: ServerConfig["log"], io: ServerIo): Output {
  const { print, onProgress } = startDisplay(io);
  const log = createLog(options, print, io.clock.now);
  return {
    log,
    messages: () => ({ stderr: print }),
    relay: print,
    starting: () => print(`Starting ${brand.productName}…\n`),
    onProgress,
    started(server) {
      print("");
      // A user at the terminal reads the summary instead.
      if (!io.stderrIsLive) log("info", "server_started", startedFields(server));
      io.stdout(wrapForStdout(summary(server), io));
    },
    stopping: () => print("Stopping…\n"),
    stopped() {
      if (io.stderrIsLive) print("Stopped.\n");
      else log("info", "server_stopped");
    },
  };
}

/** Nothing but JSON, on standard error; collectors often read both streams as one. */
function jsonOutput(
  options: ServerConfig["log"],
  io: Pick<ServerIo, "stderr" | "clock">,
  common?: LogFields,
): Output {
  const log = createLog(options, io.stderr, io.clock.now, common);
  return {
    log,
    messages: (level) => ({
      stderr(text) {
        for (const message of text.trim().split("\n")) log(level, "message", { message });
      },
    }),
    relay: io.stderr,
    starting: () => {},
    onProgress(progress) {
      if (progress.stage === "migrating") {
        log("info", "applying_migration", { migration: progress.name });
      } else if (progress.fraction === 0) {
        log("info", "creating_database");
      }
    },
    started(server) {
      log("info", "server_started", startedFields(server));
      // The link is a secret, so it does not belong in a log.
      if (server.setupUrl !== undefined) {
        log("info", "no_users", {
          message:
            `Create the first administrator: ${brand.binaryName} admin user add ADDRESS --admin`,
        });
      }
    },
    stopping: () => {},
    stopped: () => log("info", "server_stopped"),
  };
}

/** Its parent prints what it writes, and reports the start and the stop of all workers. */
function workerOutput(
  options: ServerConfig["log"],
  io: ServerIo,
  { worker }: WorkerRole,
): ServeOutput {
  const { onProgress } = startDisplay(io);
  const text = {
    log: createLog(options, io.stderr, io.clock.now, { worker }),
    messages: () => ({ stderr: io.stderr }),
    onProgress,
  };
  const { log, messages, ...json } = jsonOutput(options, io, { worker });
  return {
    ...options.format === "json" ? { log, messages, onProgress: json.onProgress } : text,
    relay: () => {},
    starting: () => {},
    started: (server) => void io.stdout(startedLine(server)),
    stopping: () => {},
    stopped: () => {},
  };
}

function startedFields({ issuer, metricsUrl, storage, configFile, workers }: Started) {
  return {
    version,
    address: issuer,
    metrics: metricsUrl,
    database: storage,
    configuration: configFile,
    workers,
  };
}

/** Names all migrations of an update, and counts those of a new database. */
const MAX_NAMED_MIGRATIONS = 3;

function summary(
  { issuer, metricsUrl, storage, configFile, migrated, setupUrl, workers }: Started,
): string {
  const migrations = migrated.length > MAX_NAMED_MIGRATIONS
    ? `${migrated.length} migrations, up to ${migrated.at(-1)}`
    : migrated.join(", ");
  return [
    `${brand.productName} is running`,
    `  Address        ${issuer}`,
    ...metricsUrl === undefined ? [] : [`  Metrics        ${metricsUrl}`],
    `  Configuration  ${configFile}`,
    `  Data           ${storage}`,
    ...migrated.length > 0 ? [`  Migrated       ${migrations}`] : [],
    ...workers === undefined ? [] : [`  Workers        ${workers}`],
    "",
    ...setupUrl === undefined ? [] : [
      "There are no users yet. Create the first administrator (valid once, for 24 hours):",
      `  ${setupUrl}`,
      "",
    ],
    "Log in from another terminal:",
    `  ${brand.binaryName} login --server ${issuer}`,
    "",
    "Press Ctrl-C to stop the server.",
    "",
  ].join("\n");
}

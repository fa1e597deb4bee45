import { CertificateAuthorityError } from "../../shared/certificate_authorities.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { PromptInterrupted } from "../../shared/secret_prompt.ts";
import { OutputError } from "../../shared/standard_streams.ts";
import { RpcFailure } from "../admin/rpc_failure.ts";
import { BackupError } from "../backup/backup_error.ts";
import { EncryptionKeyError } from "../security/encryption.ts";
import type { DomainError } from "../domain_error.ts";
import type { ServerIo } from "../io.ts";
import { ListenError } from "../http/listen_problem.ts";
import { StartInterrupted, StartTimeout } from "../start_step.ts";
import { EmbeddedDatabaseError } from "../store/embedded/embedded_failure.ts";
import { DatabaseIncomplete } from "../store/dump/incomplete.ts";
import { DatabaseMoved } from "../store/embedded/moved.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { MigrationConflict } from "../store/db/migration_conflict.ts";
import { DatabaseTooNew } from "../store/db/database_too_new.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { sqlStateOf } from "../store/db/sql_state.ts";
import { isTooOld, SUPPORTED_POSTGRES } from "../store/db/supported_versions.ts";
import { DatabaseUnreachable } from "../store/db/postgres_dial.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { LoadedConfig } from "../config/load.ts";
import { WorkerError } from "../workers/supervisor.ts";
import { SigningUnavailable } from "../tokens/external_signer.ts";
import { KeyError } from "../tokens/import_key.ts";
import { TlsPairError } from "../config/tls_pair.ts";

/** The part of ServerIo that reports use. */
type StderrIo = Pick<ServerIo, "stderr">;

/** Longest message, in characters: errors of a database or a parser can quote their input. */
const MAX_MESSAGE_LENGTH = 2000;

/** A line about a setting or another input of the command. */
type Finding = Pick<ConfigProblem, "subject" | "source" | "message">;

/** Lists what is wrong with the configuration. */
export function reportProblems(problems: readonly Finding[], io: StderrIo): number {
  io.stderr("Error: the configuration is not valid:\n");
  for (const problem of problems) io.stderr(`  - ${format(problem)}\n`);
  return EXIT.usage;
}

/** Lists what works, but probably not as intended. */
export function reportWarnings(warnings: readonly Finding[], io: StderrIo): void {
  for (const warning of warnings) io.stderr(`Warning: ${format(warning)}\n`);
}

/** Lists what is as intended, but may surprise. */
export function reportNotes(notes: readonly Finding[], io: StderrIo): void {
  for (const note of notes) io.stderr(`Note: ${format(note)}\n`);
}

function format({ subject, source, message }: Finding): string {
  const place = source === undefined ? subject : `${subject} (${source})`;
  return sanitizeLine(`${place}: ${message}`, MAX_MESSAGE_LENGTH);
}

/**
 * Names a config file that the command line does not name on standard error, and says if a command
 * uses the default database, which may be another than the server's.
 */
export function reportConfigFile(
  { configFile, isDatabaseChosen }: Pick<LoadedConfig, "configFile" | "isDatabaseChosen">,
  io: StderrIo,
): void {
  const { path, namedBy, description, unreadable } = configFile;
  const isExpected = namedBy === "--config" || (path === undefined && unreadable === undefined);
  if (isDatabaseChosen && isExpected) return;
  const note = isDatabaseChosen ? "" : "; using the default database";
  io.stderr(`Configuration: ${sanitizeLine(description, MAX_MESSAGE_LENGTH)}${note}\n`);
}

/** Names the database of a command on standard error, so that a forgotten --config is noticed. */
export function reportDatabase(description: string, io: StderrIo): void {
  io.stderr(`Database: ${sanitizeLine(description, MAX_MESSAGE_LENGTH)}\n`);
}

/** Reports a mistake in the arguments or the input of a command. */
export function reportUsage(message: string, io: StderrIo): number {
  io.stderr(`Error: ${sanitizeLine(message, MAX_MESSAGE_LENGTH)}\n`);
  return EXIT.usage;
}

/** Says why an operation was rejected; the same exit code for every kind of rejection. */
export function reportDomainError(
  { message, commandHint }: Pick<DomainError, "message" | "commandHint">,
  io: StderrIo,
): number {
  const text = commandHint === undefined ? message : `${message} ${commandHint}`;
  io.stderr(`Error: ${sanitizeLine(text, MAX_MESSAGE_LENGTH)}\n`);
  return EXIT.failure;
}

/** Reports why the server or an operator's command failed, and what to do. */
export function reportFailure(error: unknown, io: StderrIo): number {
  if (error instanceof PromptInterrupted) return EXIT.interrupted;
  io.stderr(`Error: ${sanitizeLine(describeFailure(error), MAX_MESSAGE_LENGTH)}\n`);
  return failureExitCode(error);
}

export function failureExitCode(error: unknown): number {
  if (error instanceof StartInterrupted) return EXIT.interrupted;
  if (error instanceof WorkerError) return error.exitCode || EXIT.failure;
  return USAGE_ERRORS.some((kind) => error instanceof kind) ? EXIT.usage : EXIT.failure;
}

/** Errors with our own messages, which name the setting or the place and what to do. */
const OWN_ERRORS = [
  ...[FolderLocked, EncryptionKeyError, NoDatabase, TlsPairError],
  ...[ListenError, EmbeddedDatabaseError, StartTimeout, StartInterrupted],
  ...[MigrationConflict, CertificateAuthorityError, BackupError, OutputError],
  ...[DatabaseMoved, DatabaseIncomplete, DatabaseTooNew, WorkerError],
  ...[KeyError, SigningUnavailable, RpcFailure],
];

/** The command line or the settings have to change first. */
const USAGE_ERRORS = [NoDatabase, TlsPairError, CertificateAuthorityError, KeyError];

/** Why the server or an operator's command failed, and what to do. */
export function describeFailure(error: unknown): string {
  if (OWN_ERRORS.some((kind) => error instanceof kind)) return (error as Error).message;
  if (error instanceof DatabaseUnreachable) {
    return error.temporary
      ? `cannot connect to the database (${error.message}). Check that it is running and that ` +
        "database_url is correct."
      : `cannot use the database: ${error.message}.`;
  }
  const { code = "", message = "", name = "" } = Object(error) as Record<string, string>;
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return describeDatabaseError(sqlState, message);
  if (code.startsWith("CONNECTION_")) return describeDatabaseError("08006", message);
  return `unexpected error: ${name === "" ? "" : `${name}: `}${message || String(error)}`;
}

function describeDatabaseError(code: string, message: string): string {
  if (code.startsWith("28")) {
    return `the database rejected the user or password (${message}). Check database_url.`;
  }
  if (code === "3D000") return `${message}. To create it, run: createdb NAME`;
  if (code === "3F000" || code === "42501") {
    return `the database user may not create tables (${message}). Make it the owner of the ` +
      "database, or add ?search_path=SCHEMA to database_url.";
  }
  if (code === "53100") return `the disk of the database is full (${message}). Free some space.`;
  if (code === "53300") {
    return `the database has no free connections (${message}). Raise max_connections, or ` +
      "stop other clients.";
  }
  if (isTooOld(code, message)) {
    const { oldest, newest } = SUPPORTED_POSTGRES;
    return `the database is older than PostgreSQL ${oldest}, the oldest version that works. ` +
      `Upgrade it, to PostgreSQL ${newest} if you can.`;
  }
  if (code === "25006") {
    return `the database is read-only (${message}). Check that database_url names the primary.`;
  }
  if (code === "55P03") {
    return "another session has locked a table that a migration changes. Stop the other servers, " +
      "or try again later.";
  }
  if (code.startsWith("08") || code.startsWith("57P")) {
    return `the connection to the database was lost (${message}). Try again.`;
  }
  return `the database reported an error: ${message} (SQLSTATE ${code}).`;
}

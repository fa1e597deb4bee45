import assert from "node:assert/strict";
import { connectionLost, noResponseInTime } from "../../../server/admin/rpc_failure.ts";
import { reportDomainError, reportFailure } from "../../../server/cli/failure.ts";
import { TlsPairError } from "../../../server/config/tls_pair.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { listenError } from "../../../server/http/listen_problem.ts";
import { StartInterrupted, StartTimeout } from "../../../server/start_step.ts";
import { NoDatabase } from "../../../server/store/db/no_database.ts";
import { DatabaseUnreachable } from "../../../server/store/db/postgres_dial.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { assertGolden } from "../../support/golden.ts";

const database = (code: string, message: string) => Object.assign(new Error(message), { code });
const listen = { hostname: "127.0.0.1", port: 80 };
const unreadable = () => {
  throw new Deno.errors.NotFound();
};
const noFiles = { readText: unreadable, readLink: unreadable, list: unreadable };

const FAILURES: [error: unknown, code: number][] = [
  [new NoDatabase("/var/lib/app"), EXIT.usage],
  [new TlsPairError("tls_key: /etc/key.pem does not exist"), EXIT.usage],
  [new StartInterrupted("Stopped while connecting to PostgreSQL at db:5432."), EXIT.interrupted],
  [new StartTimeout("migrating the database took longer than 600 s."), EXIT.failure],
  [listenError(new Deno.errors.AddrInUse(), listen, noFiles), EXIT.failure],
  [listenError(new Deno.errors.PermissionDenied(), listen, noFiles), EXIT.failure],
  [listenError(new Deno.errors.AddrNotAvailable(), listen, noFiles), EXIT.failure],
  [new DatabaseUnreachable("db:5432 refused the connection", true), EXIT.failure],
  [new DatabaseUnreachable("db:5432 has no TLS", false), EXIT.failure],
  [database("28P01", 'password authentication failed for user "app"'), EXIT.failure],
  [database("3D000", 'database "auth" does not exist'), EXIT.failure],
  [database("42501", "permission denied for schema public"), EXIT.failure],
  [database("53100", "could not extend file"), EXIT.failure],
  [database("53300", "sorry, too many clients already"), EXIT.failure],
  [database("25006", "cannot execute INSERT in a read-only transaction"), EXIT.failure],
  [database("42704", 'unrecognized configuration parameter "idle_session_timeout"'), EXIT.failure],
  [database("55P03", "canceling statement due to lock timeout"), EXIT.failure],
  [database("57P01", "terminating connection"), EXIT.failure],
  [database("CONNECTION_CLOSED", "write CONNECTION_CLOSED"), EXIT.failure],
  [database("42P01", 'relation "users" does not exist'), EXIT.failure],
  [database("EINTR", "operation canceled"), EXIT.failure],
  [database("EPIPE", "broken pipe"), EXIT.failure],
  [noResponseInTime(30_000), EXIT.failure],
  [connectionLost(), EXIT.failure],
  [new TypeError("x is not a function"), EXIT.failure],
];

Deno.test("reports each failure in one line, with its exit code", async () => {
  let lines = "";
  const io = { stderr: (text: string) => void (lines += text) };
  for (const [error, code] of FAILURES) assert.equal(reportFailure(error, io), code, lines);
  assert.equal(lines.split("\n").length, FAILURES.length + 1);
  await assertGolden("cli/failures.txt", lines);
});

Deno.test("reports a rejected operation with exit code 1", () => {
  let lines = "";
  const io = { stderr: (text: string) => void (lines += text) };
  const error = new DomainError("not_found", "There is no user bob@example.com.\nx");
  assert.equal(reportDomainError(error, io), EXIT.failure);
  assert.equal(lines.split("\n").length, 2);
});

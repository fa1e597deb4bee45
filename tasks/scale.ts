// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * `deno task scale fill DATABASE_URL [--users N …]`: fills an empty database with the rows of a
 * large installation. The user must be a superuser. About 25 minutes and 20 GB for 1 million users.
 * `deno task scale measure DATABASE_URL… [--seconds N --filter TEXT]`: what operations and pages cost
 * on such databases, of PostgreSQL on this machine, with the compiled program.
 */
import { parseArgs } from "node:util";
import { fill } from "./scale/fill.ts";
import { measure } from "./scale/measure.ts";

const { positionals: [command, ...databaseUrls], values } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    users: { type: "string", default: "1000000" },
    logins: { type: "string", default: "2000000" },
    tokens: { type: "string", default: "10000000" },
    "audit-events": { type: "string", default: "10000000" },
    "audit-weeks": { type: "string", default: "57" },
    seconds: { type: "string", default: "3" },
    filter: { type: "string", default: "" },
  },
});
if (command === "fill" && databaseUrls.length === 1) {
  await fill(databaseUrls[0], {
    users: Number(values.users),
    logins: Number(values.logins),
    personalAccessTokens: Number(values.tokens),
    auditEvents: Number(values["audit-events"]),
    auditWeeks: Number(values["audit-weeks"]),
  });
} else if (command === "measure" && databaseUrls.length > 0) {
  await measure({ databaseUrls, seconds: Number(values.seconds), filter: values.filter });
} else {
  console.error("Usage: deno task scale fill DATABASE_URL [--users N --logins N --tokens N …]");
  console.error("       deno task scale measure DATABASE_URL… [--seconds N --filter TEXT]");
  Deno.exit(2);
}

/**
 * What operations and pages cost on a database of a million tokens and audit events, compared with
 * one of a thousand. With the compiled program; minutes to fill the large one.
 */
import { startPostgres } from "../../tests/support/postgres.ts";
import { fill } from "../scale/fill.ts";
import { measure } from "../scale/measure.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import { addDatabase } from "./add_database.ts";

const SMALL = 1000;

/** `rows`: of the two largest tables. */
export async function benchGrowth(
  { seconds, rows }: { seconds: number; rows: number },
): Promise<void> {
  // deno-lint-ignore no-console -- a task reports to its user
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using server = await startPostgres("18", { durable: true });
  const databaseUrls = [];
  for (const [name, size] of [["small", SMALL], ["large", rows]] as const) {
    const databaseUrl = await addDatabase(server.url, name);
    await fill(databaseUrl, {
      users: Math.max(SMALL, size / 10),
      logins: Math.max(SMALL, size / 5),
      personalAccessTokens: size,
      auditEvents: size,
      auditWeeks: 57,
    });
    databaseUrls.push(databaseUrl);
  }
  await measure({ databaseUrls, seconds, filter: "" });
}

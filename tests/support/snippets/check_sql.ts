/** Checks of SQL and settings of PostgreSQL, on a database with our tables. */
import { type Check, passes } from "./check.ts";

/** Statements that read or change our tables, which PostgreSQL can plan. */
export const isStatement: Check = passes(async ({ code }, tools) => {
  const sql = await tools.sql();
  for (const statement of code.split(";").filter((text) => text.trim() !== "")) {
    await sql.unsafe(`explain ${statement}`);
  }
});

/** Statements that cannot be planned; the body of a block is only parsed. */
export const isUtilityStatement: Check = passes(async ({ code }, tools) => {
  const sql = await tools.sql();
  await sql.unsafe(`do $check$ begin if false then ${code} end if; end $check$`);
});

/** Lines of postgresql.conf. */
export const isPostgresConfig: Check = async ({ code }, tools) => {
  const sql = await tools.sql();
  const names = [...code.matchAll(/^(\w+) = /gm)].map(([, name]) => name);
  const known = await sql<{ name: string }[]>`
    select name from pg_settings where name in ${sql(names)}`;
  return names.filter((name) => !known.some((row) => row.name === name))
    .map((name) => `no setting ${name}`).join("\n");
};

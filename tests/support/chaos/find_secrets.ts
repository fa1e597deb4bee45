/** Searches everything that a server writes for secrets, in every form in which they could be there. */
import { Buffer } from "node:buffer";
import type { Sql } from "../../../server/store/db/connect.ts";

export interface SecretSearch {
  /** Where secrets were found, without them. */
  problems: string[];
  /** Characters by place. */
  searched: Record<string, number>;
}

/** Searches the texts, and every column of every table of the database. */
export async function findSecrets(
  secrets: readonly string[],
  sql: Sql,
  texts: Record<string, string>,
): Promise<SecretSearch> {
  const forms = new Set(secrets.flatMap(formsOf));
  const problems: string[] = [];
  const searched: Record<string, number> = {};
  const search = (where: string, text: string) => {
    searched[where] = (searched[where] ?? 0) + text.length;
    const hits = [...forms].filter((form) => text.includes(form)).length;
    if (hits > 0) problems.push(`${where} has ${hits} secrets`);
  };
  for (const [where, text] of Object.entries(texts)) search(where, text);
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace`;
  for (const { name } of tables) {
    // Binary columns are hexadecimal in it.
    const rows = await sql<{ text: string }[]>`select t::text as text from ${sql(name)} t`;
    search(`table ${name}`, rows.map(({ text }) => text).join("\n"));
  }
  return { problems, searched };
}

/** A secret as it is, and encoded as URLs, headers and binary columns have it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // The end of a base64 text depends on what follows it.
  const encoded = bytes.toString("base64").replace(/=+$/, "").slice(0, -1);
  const forms = [
    secret,
    encodeURIComponent(secret),
    encoded,
    encoded.replaceAll("+", "-").replaceAll("/", "_"),
    bytes.toString("hex"),
  ];
  // The signature of a JWT is enough to recognize it, and all that makes it a secret.
  const [, , signature] = secret.split(".");
  return signature === undefined || signature.length < 20 ? forms : [...forms, signature];
}

import postgres from "postgres";

/** Creates a database for a program on a server, and returns its URL. */
export async function addDatabase(serverUrl: string, name: string): Promise<string> {
  const database = name.toLowerCase().replaceAll(/[^a-z]+/g, "_");
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await sql`create database ${sql(database)}`;
  await sql.end();
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

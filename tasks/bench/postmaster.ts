import postgres from "postgres";

/** The first process of a PostgreSQL on this machine. */
export async function findPostmaster(url: string): Promise<number> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const [{ pid }] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  await sql.end();
  return Number(/PPid:\s+(\d+)/.exec(status)![1]);
}

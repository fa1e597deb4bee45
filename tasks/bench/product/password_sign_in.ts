/** The form to sign in, the password and the dashboard: each time a new browser. */
import type postgres from "postgres";
import { hashPassword } from "../../../server/security/password_hash.ts";
import { Browser } from "../browser.ts";
import type { Steps } from "../steps.ts";

const USERS = 20;
const PASSWORD = "a calm and long pass phrase";

export async function passwordSignInLoad(sql: postgres.Sql, origin: string): Promise<Steps> {
  const hash = await hashPassword(PASSWORD);
  const users = await sql<{ email: string }[]>`
    update users set password_hash = ${hash}
    where id in (select id from users where email like 'login%' order by id limit ${USERS})
    returning email`;
  let next = 0;
  return {
    atATime: 4,
    async run() {
      const browser = new Browser();
      const { email } = users[next++ % USERS];
      const page = await browser.submit(await browser.open(`${origin}/signin`), {
        email,
        password: PASSWORD,
      });
      if (page.status !== 200 || new URL(page.url).pathname !== "/") {
        throw new Error(`not signed in: ${page.status} ${page.url}`);
      }
    },
  };
}

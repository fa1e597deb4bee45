/** Checking a password costs a third of a second: a flood from one network must not delay other users more. */
import assert from "node:assert/strict";
import { ALICE, install } from "../support/installation.ts";
import { eventually } from "../support/eventually.ts";

interface Browser {
  address: string;
  cookie: string;
  csrfToken: string;
}

Deno.test("a flood of sign-ins from one network neither delays nor locks out other users", async () => {
  await using server = await install({ args: ["--trusted-proxies", "127.0.0.1"] });

  /** A browser on the sign-in page, behind a proxy that names its address. */
  const open = async (address: string): Promise<Browser> => {
    const response = await fetch(`${server.issuer}/signin`, {
      headers: { "x-forwarded-for": address },
    });
    const [, csrfToken] = /name="csrf_token" value="([^"]+)"/.exec(await response.text())!;
    return { address, cookie: response.headers.getSetCookie()[0].split(";")[0], csrfToken };
  };
  const signIn = async (
    { address, cookie, csrfToken }: Browser,
    email: string,
    password: string,
  ): Promise<number> => {
    const response = await fetch(`${server.issuer}/signin`, {
      method: "POST",
      redirect: "manual",
      headers: { "x-forwarded-for": address, cookie },
      body: new URLSearchParams({ csrf_token: csrfToken, email, password }),
    });
    await response.body?.cancel();
    return response.status;
  };

  const guesser = await open("198.51.100.7");
  const honest = await open("203.0.113.9");
  const answered: number[] = [];
  const flood = Array.from({ length: 104 }, async (_, index) => {
    answered.push(await signIn(guesser, `nobody${index}@example.com`, "wrong"));
  });
  const checked = () => answered.filter((status) => status === 422).length;
  await eventually("the flood is being checked", () => checked() > 0);
  const before = checked();
  assert.equal(await signIn(honest, ALICE.email, ALICE.password), 303);
  assert.ok(checked() - before <= 12, `${checked() - before} of the flood went first`);
  await Promise.all(flood);
  assert.ok(checked() <= 100, "nor are there more guesses than the limit");
  assert.ok(answered.every((status) => [422, 429, 503].includes(status)), String(answered));
});

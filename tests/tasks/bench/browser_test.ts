import assert from "node:assert/strict";
import { Browser } from "../../../tasks/bench/browser.ts";

Deno.test("a browser keeps cookies, sends forms, and stops where a redirect leaves", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (r) => {
    const { pathname } = new URL(r.url);
    if (pathname === "/") {
      const headers = { location: "/form", "set-cookie": "a=1; Path=/" };
      return new Response(null, { status: 302, headers });
    }
    if (pathname === "/form") {
      return new Response(
        `<form method="post" action="/send?a=1&amp;b=2"><input type="hidden" name="csrf" ` +
          `value="&#43;x"><input name="user"></form>${r.headers.get("cookie")}`,
      );
    }
    const said = `${new URL(r.url).search} ${await r.text()} ${r.headers.get("cookie")}`;
    const location = `http://127.0.0.1:1/callback?said=${encodeURIComponent(said)}`;
    return new Response(null, {
      status: 303,
      headers: { location, "set-cookie": "a=; Max-Age=0" },
    });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const browser = new Browser();
  const page = await browser.open(origin);
  assert.match(page.text, /a=1$/);
  const { url } = await browser.submit(page, { user: "u" }, "http://127.0.0.1:1/");
  assert.equal(url.searchParams.get("said"), "?a=1&b=2 csrf=%2Bx&user=u a=1");
  assert.doesNotMatch(
    (await browser.open(`${origin}/form`)).text,
    /a=1$/,
    "the cookie was deleted",
  );
});

Deno.test("a page without a form cannot be sent", async () => {
  const page = { url: new URL("http://127.0.0.1/"), status: 500, text: "failed" };
  await assert.rejects(new Browser().submit(page, {}), /no form/);
});

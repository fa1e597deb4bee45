/** The pages that the browser gets from this program after the user has decided. */
import { brand } from "../../shared/brand.ts";

/** What a page says; `data-page` names it for tests. */
const PAGES = {
  logged_in: {
    status: 200,
    mark: "✓",
    title: "Logged in",
    text: `You may close this tab and return to your terminal.`,
  },
  denied: {
    status: 200,
    mark: "×",
    title: "Denied",
    text: "The login was denied, and nothing was stored. You may close this tab.",
  },
  failed: {
    status: 200,
    mark: "×",
    title: "The login failed",
    text: "Your terminal says why. You may close this tab.",
  },
  other_login: {
    status: 400,
    mark: "×",
    title: "Not the login of your terminal",
    text: "This page belongs to another login, or the address is incomplete. If your terminal is " +
      "still waiting, open the address that it shows.",
  },
  not_found: {
    status: 404,
    mark: "×",
    title: "Page not found",
    text: "If your terminal is still waiting, open the address that it shows.",
  },
} as const;

export type BrowserPage = keyof typeof PAGES;

const { accent, accentText } = brand.colors;

/** As the server's pages look: see server/pages/assets/style.ts. */
const STYLE = `
:root { color-scheme: light dark; --ground: #f5f6f8; --card: #fff; --text: #1a1f29; --line: #d8dce3;
  --good: #1b7a3d; --bad: #b3231b; }
@media (prefers-color-scheme: dark) { :root { --ground: #0e1116; --card: #171b22; --text: #e7eaf0;
  --line: #2d343f; --good: #63d08b; --bad: #ff9a92; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header { display: flex; align-items: center; gap: 0.6rem; max-width: 66rem; min-height: 3.75rem;
  margin: 0 auto; padding: 0 1.25rem; font-weight: 650; }
main { max-width: 27rem; margin: 1.5rem auto 3rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.9rem; }
@media (max-width: 40rem) { main { max-width: calc(100% - 1.5rem); padding: 1.5rem 1.25rem; } }
.mark { margin: 0 0 0.5rem; font-size: 2.5rem; line-height: 1; }
.good { color: var(--good); } .bad { color: var(--bad); }
h1 { margin: 0 0 0.75rem; font-size: 1.45rem; line-height: 1.25; font-weight: 650; }
p { margin: 0; }
`;

const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<rect width="32" height="32" rx="7" fill="${accent.light}"/>` +
    `<path d="M9 10l6 6-6 6M17 22h7" fill="none" stroke="${accentText.light}" stroke-width="3"` +
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>',
);

/** A page without scripts, which loads nothing: the program may exit right after it. */
export async function browserPage(name: BrowserPage): Promise<Response> {
  const { status, mark, title, text } = PAGES[name];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} – ${brand.productName}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body data-page="${name}">
<header><img src="${ICON}" alt="" width="28" height="28">${brand.productName}</header>
<main>
<div class="mark ${name === "logged_in" ? "good" : "bad"}" aria-hidden="true">${mark}</div>
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`;
  return new Response(html, { status, headers: await headers() });
}

/** Redirects the browser of the user from the short address in the terminal to the server. */
export async function browserRedirect(location: string): Promise<Response> {
  return new Response(null, { status: 302, headers: { ...await headers(), location } });
}

async function headers(): Promise<Record<string, string>> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  return {
    "cache-control": "no-store",
    // The browser may keep no connection that the program would wait for.
    connection: "close",
    "content-security-policy": [
      "default-src 'none'",
      `style-src 'sha256-${new Uint8Array(hash).toBase64()}'`,
      "img-src data:",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join("; "),
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    // The address of this page has the code.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}

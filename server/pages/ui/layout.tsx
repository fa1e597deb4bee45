import type { Child } from "hono/jsx";
import { raw } from "hono/html";
import { brand } from "../../../shared/brand.ts";
import type { Notice } from "../http/notice.ts";
import { CsrfField } from "./hidden_fields.tsx";
import { NoticeBox } from "./notice_box.tsx";
import { style } from "./style.ts";
import { UntrustedText } from "./untrusted_text.tsx";

const { accent, accentText } = brand.colors;

/** A prompt on a square in the brand's color. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<rect width="32" height="32" rx="7" fill="${accent.light}"/>` +
    `<path d="M9 10l6 6-6 6M17 22h7" fill="none" stroke="${accentText.light}" stroke-width="3"` +
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>',
);

/** The frame of every page. `email` and `csrfToken` are set while a user is signed in. */
export function Layout(
  props: {
    name: string;
    error?: string;
    title: string;
    email?: string;
    csrfToken?: string;
    notice?: Notice;
    children: Child;
  },
) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${props.title} – ${brand.productName}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href={ICON} />
        <style>{raw(style)}</style>
      </head>
      <body data-page={props.name} data-error={props.error}>
        <header>
          <a class="brand" href="/">
            <img src={ICON} alt="" width="28" height="28" />
            {brand.productName}
          </a>
          {props.csrfToken !== undefined && (
            <form class="account" method="post" action="/signout">
              <span class="signed-in-user">
                <span class="hidden">Signed in as</span>
                <UntrustedText text={props.email ?? ""} max={60} />
              </span>
              <CsrfField token={props.csrfToken} />
              <button class="link" type="submit">Sign out</button>
            </form>
          )}
        </header>
        {props.notice && <NoticeBox notice={props.notice} csrfToken={props.csrfToken} />}
        {props.children}
      </body>
    </html>
  );
}

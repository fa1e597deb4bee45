import type { Child } from "hono/jsx";
import { csrfToken } from "../http/csrf.ts";
import { CsrfField } from "./layout.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";

/**
 * Asks before something stops that people or programs rely on: `children` say what. The
 * answer is a POST to the address of this page.
 */
export async function confirmationPage(
  deps: PageDeps,
  c: PageContext,
  question: {
    title: string;
    /** What to act on. */
    fields: Record<string, string>;
    /** Words of the button. */
    confirm: string;
    /** The way out. */
    keep: { words: string; href: string };
    children: Child;
    /** Further fields of the form. */
    choices?: Child;
  },
): Promise<Response> {
  const { title, fields, confirm, keep, children, choices } = question;
  return await renderPage(deps, c, {
    title,
    children: (
      <main>
        <h1>{title}</h1>
        {children}
        <form method="post" action={c.req.path}>
          <CsrfField token={csrfToken(deps, c)} />
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          {choices}
          <div class="choice">
            <button class="danger" type="submit">{confirm}</button>
            <a class="button" href={keep.href}>{keep.words}</a>
          </div>
        </form>
      </main>
    ),
  });
}

/** A button of a list that leads to a question; `about` is read aloud after its word. */
export function ActionButton(
  { action, fields, word, about }: {
    action: string;
    fields: Record<string, string>;
    word: string;
    about: string;
  },
) {
  return (
    <form method="get" action={action}>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit">
        {word}
        <span class="hidden">{` ${about}`}</span>
      </button>
    </form>
  );
}

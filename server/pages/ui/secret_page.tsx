import type { Child } from "hono/jsx";
import type { Clock } from "../../../shared/clock.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import type { Crumb } from "./breadcrumbs.tsx";
import { Fact } from "./facts.tsx";
import { TimeUntil } from "./relative_time.tsx";
import { SecretField } from "./secret_field.tsx";

export interface SecretPage {
  /** Of the page, for tests and styles. */
  name: string;
  breadcrumbs: readonly Crumb[];
  /** What users call it: `token`. */
  kind: string;
  label: string;
  secret: string;
  /** What to do with it. */
  hint: string;
  /** What it belongs to. */
  facts: Child;
  /** Of a rotation: when the secret before it expires (ISO 8601); null: it has expired. */
  previous?: { expiresAt: string | null; replace: string };
  donePath: string;
}

/**
 * Shows a new secret. This is the response to the POST: a redirect would require storing the
 * secret.
 */
export async function secretPage(
  deps: RenderDeps & { clock: Clock },
  c: PageContext,
  { name, breadcrumbs, kind, label, secret, hint, facts, previous, donePath }: SecretPage,
): Promise<Response> {
  const title = `Copy the ${kind}`;
  return await renderPage(deps, c, {
    name,
    title,
    breadcrumbs,
    children: (
      <main class="wide">
        <h1>{title}</h1>
        <SecretField
          label={label}
          secret={secret}
          hint={`Click the ${kind} to select it. ${hint}`}
        />
        <div class="warning">
          <p>
            <strong>You cannot see this {kind} again.</strong>{" "}
            The server stores only a hash of it. If you lose it, rotate it.
          </p>
        </div>
        <h2>Details</h2>
        <dl>
          {facts}
          {previous !== undefined && (
            <Fact name={`Previous ${kind}`}>
              {previous.expiresAt === null ? "Expired" : (
                <>
                  Expires{" "}
                  <TimeUntil at={new Date(previous.expiresAt)} now={deps.clock.now()} dated />.{" "}
                  {previous.replace}
                </>
              )}
            </Fact>
          )}
        </dl>
        <p>
          <a class="button" href={donePath}>Done</a>
        </p>
      </main>
    ),
  });
}

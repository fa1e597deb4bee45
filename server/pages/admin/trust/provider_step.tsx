import { providers } from "../../../federation/providers.ts";
import { capitalize } from "../../../federation/rule_sentence.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import type { Entries } from "./entries.ts";
import { stepPath } from "./step_path.ts";
import { stepPage } from "./steps.tsx";

/** Where the workload runs: each provider is a link to the next step. */
export async function providerStep(
  deps: PageDeps,
  c: PageContext,
  entries: Entries,
  problems: readonly FormProblem[] = [],
): Promise<Response> {
  return await stepPage(deps, c, {
    step: "provider",
    entries,
    problems,
    children: (
      <>
        <h2>Where does the workload run?</h2>
        <ul class="choices">
          {providers.map(({ name, title, fields, phrases }) => (
            <li>
              <a href={stepPath(deps, c, "workload", entriesFor(entries, name))}>
                <span>{title}</span>
                <span class="muted small">
                  {capitalize(`${phrases.all} ${phrases.of(fields.subject.example)}`)}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </>
    ),
  });
}

/** Entries of another provider do not fit this one. */
function entriesFor(entries: Entries, provider: string): Entries {
  if (entries.provider === provider) return entries;
  const { scope, until, account, lifetime } = entries;
  return { provider, scope, until, account, lifetime };
}

import { identifySecret, isSecret } from "../../../audit/why/identify_secret.ts";
import { describeCredential, type WhySubject } from "../../../audit/why/why.ts";
import type { Story } from "../../../audit/why/story.ts";
import { brand } from "../../../../shared/brand.ts";
import { DomainError } from "../../../domain_error.ts";
import { isPersonalAccessToken, tokenPrefix } from "../../../tokens/personal_access_token.ts";
import type { PageContext } from "../../context.ts";
import { csrfToken } from "../../http/csrf.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { CsrfField } from "../../ui/hidden_fields.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { ExactTime } from "../../ui/relative_time.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { AUDIT_PATH, auditUrl, HISTORY_PATH, historyUrl, MAX_PARAMETER } from "./view.ts";

const TITLE = "History";
/** No token is longer. */
const MAX_SECRET_LENGTH = 16_384;
/** Scopes and claims can be long. */
const MAX_TEXT = 2000;
/** Shorter text is an id or a prefix. */
const MIN_SECRET_LENGTH = 20;

/** Without what was typed, which may be a token. */
const NOT_FOUND =
  "This server knows no such token, login or CI run: another server issued it, it " +
  "was deleted after its retention, or the run is older than 90 days.";

/** GET /admin/audit/history?of=…: the life of a token, a login or a CI run, as `admin audit --why`. */
export async function showHistory(deps: PageDeps, c: PageContext): Promise<Response> {
  const of = (c.get("query")("of") ?? "").trim();
  if (of === "") return await historyPage(deps, c, {});
  // A whole token must not stay in a URL.
  if (isPersonalAccessToken(of)) return c.redirect(historyUrl(tokenPrefix(of)), 303);
  if (isSecret(of) || of.length > MAX_PARAMETER) return c.redirect(HISTORY_PATH, 303);
  return await historyOf(deps, c, { text: of });
}

/** POST /admin/audit/history: finds what was typed, which may be a token. */
export async function submitHistory(deps: PageDeps, c: PageContext): Promise<Response> {
  const typed = (c.get("form")("credential") ?? "").trim();
  if (typed === "" || typed.length > MAX_SECRET_LENGTH) {
    return await historyPage(deps, c, {
      problems: [{
        code: "invalid",
        message: "Enter a token, or the id or prefix of one, or the id of a login or a CI run.",
        fields: ["credential"],
      }],
    });
  }
  if (isSecret(typed)) return await historyOf(deps, c, identifySecret(typed));
  // An imported token looks like any text.
  const imported = typed.length < MIN_SECRET_LENGTH
    ? undefined
    : await describeCredential(deps, identifySecret(typed));
  if (imported !== undefined && !(imported instanceof DomainError)) {
    return await historyPage(deps, c, { story: imported });
  }
  return await historyOf(deps, c, { text: typed });
}

async function historyOf(deps: PageDeps, c: PageContext, subject: WhySubject): Promise<Response> {
  const story = await describeCredential(deps, subject);
  if (!(story instanceof DomainError)) return await historyPage(deps, c, { story });
  return await historyPage(deps, c, {
    problems: [{ code: story.code, message: NOT_FOUND, fields: ["credential"] }],
  });
}

async function historyPage(
  deps: PageDeps,
  c: PageContext,
  { story, problems = [] }: { story?: Story; problems?: readonly FormProblem[] },
): Promise<Response> {
  return await renderPage(deps, c, {
    name: "audit_history",
    title: formTitle(TITLE, problems),
    breadcrumbs: [{ path: AUDIT_PATH, label: "Audit log" }],
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <PageHeading
          title={story === undefined ? TITLE : <UntrustedText text={story.title} max={MAX_TEXT} />}
          lead="The life of a token, a login or a CI run: who approved it where, what came of it, and whether it is still valid."
        />
        <ErrorSummary problems={problems} />
        {story !== undefined && <StoryParts story={story} />}
        <form class="form" method="post" action={HISTORY_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <TextField
            {...{ id: "credential", label: "Token, login or CI run", problems }}
            hint="A token, its prefix or id, the id of a login, or the id or subject of a CI run"
            maxlength={MAX_SECRET_LENGTH}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit">Show history</button>
        </form>
        <p class="muted small">
          The same on the command line: <code>{`${brand.binaryName} admin audit --why ID`}</code>
        </p>
      </main>
    ),
  });
}

function StoryParts({ story: { kind, id, state, facts, steps } }: { story: Story }) {
  return (
    <>
      <dl>
        <Fact name="State">
          <Badge tone={TONES[state]}>{`${state[0].toUpperCase()}${state.slice(1)}`}</Badge>
        </Fact>
        {id !== "" && (
          <Fact name="Id">
            <UntrustedText text={id} max={MAX_TEXT} />
          </Fact>
        )}
        {facts.map(({ name, value }) => (
          <Fact name={`${name[0].toUpperCase()}${name.slice(1)}`}>
            <UntrustedText text={value} max={MAX_TEXT} />
          </Fact>
        ))}
        {(kind === "token" || kind === "login") && (
          <Fact name="Events">
            <a href={auditUrl({ subject: id })}>All events</a>
          </Fact>
        )}
      </dl>
      <h2>What happened</h2>
      <DataTable
        caption="What happened, oldest first"
        rows={steps}
        columns={[
          { label: "Time", cell: ({ time }) => <ExactTime at={new Date(time)} /> },
          { label: "Event", cell: ({ text }) => <UntrustedText text={text} max={MAX_TEXT} /> },
        ]}
      />
    </>
  );
}

const TONES: Record<Story["state"], "good" | "warning" | "bad" | "neutral"> = {
  active: "good",
  issued: "good",
  refused: "warning",
  revoked: "bad",
  expired: "neutral",
  unknown: "neutral",
};

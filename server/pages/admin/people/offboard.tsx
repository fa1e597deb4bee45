import { type OffboardReport, offboardUser } from "../../../admin/offboard_user.ts";
import { DomainError } from "../../../domain_error.ts";
import type { Owned } from "../../../store/owners.ts";
import type { PageContext } from "../../context.ts";
import { type FormProblem, toFormProblem } from "../../http/form_problem.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { formPage } from "../../ui/form_page.tsx";
import { HiddenFields } from "../../ui/hidden_fields.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { ownerPath } from "../owners/paths.ts";
import { administrator } from "../administrator.ts";
import { findPerson, personNotFound } from "./find_person.tsx";
import { isSelf, ownAccount } from "./own_account.tsx";
import { personCrumbs, personPagePath, personPath } from "./paths.ts";
import { PersonName } from "./person_name.tsx";

const TRANSFER_TO = "transfer-to";

/** Shows what ends when a person leaves and what needs another owner, or what is left of that. */
export async function showOffboardPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const person = await findPerson(deps, c, c.get("query")("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "disable");
  return await offboardPage(deps, c, person, { transferTo: "" });
}

/** Disables the account, and transfers what the person owns. */
export async function submitOffboardPerson(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const person = await findPerson(deps, c, form("user"));
  if (person instanceof Response) return person;
  if (isSelf(c, person)) return await ownAccount(deps, c, "disable");
  const transferTo = form(TRANSFER_TO)?.trim() || undefined;
  const report = await offboardUser(administrator(deps, c), { email: person.id, transferTo });
  if (report instanceof DomainError) {
    const problems = [toFormProblem(report, { transferTo: TRANSFER_TO })];
    return await offboardPage(deps, c, person, { transferTo: transferTo ?? "", problems });
  }
  deps.tokenValidator.invalidate(`principal:${person.id}`);
  setNotice(deps, c, { code: "person_offboarded", text: doneText(report) });
  return c.redirect(personPagePath("offboard", person.id), 303);
}

function doneText({ user, owned, transferredTo }: OffboardReport): string {
  const transferred = transferredTo !== null && owned.length > 0
    ? ` ${transferredTo} owns what ${user.email} owned.`
    : "";
  return (user.disabled ? "" : `Disabled the account of ${user.email}.`) + transferred ||
    "Nothing was changed.";
}

async function offboardPage(
  deps: PageDeps,
  c: PageContext,
  person: { id: string; name: string; email: string },
  { transferTo, problems = [] }: { transferTo: string; problems?: FormProblem[] },
): Promise<Response> {
  const report = await offboardUser(administrator(deps, c), { email: person.id, dryRun: true });
  // It was deleted after the page was requested.
  if (report instanceof DomainError) return await personNotFound(deps, c, report);
  const { disabled } = report.user;
  const { owned, knownSecrets, rulesNamingUser } = report;
  const now = deps.clock.now();
  const isDone = disabled && owned.length === 0;
  const content = (
    <>
      <PersonName person={person} />
      {disabled
        ? (
          <p>
            {isDone && knownSecrets.length + rulesNamingUser.length === 0
              ? "The account is disabled, and nothing is left to do."
              : "The account is disabled. What is left to do:"}
          </p>
        )
        : <Ending report={report} />}
      {owned.length > 0 && <Owning owned={owned} />}
      {knownSecrets.length > 0 && <KnownSecrets report={report} now={now} />}
      {rulesNamingUser.length > 0 && (
        <>
          <h2>Identity tokens with this address</h2>
          <p>These trust rules still accept identity tokens with the person's address:</p>
          <NameList names={rulesNamingUser} />
        </>
      )}
    </>
  );
  return await formPage(deps, c, {
    name: "offboard_person",
    title: disabled ? "Offboarded" : "Offboard this person?",
    breadcrumbs: personCrumbs(person),
    intro: content,
    fields: (
      <>
        <HiddenFields fields={{ user: person.id }} />
        {owned.length > 0 && (
          <TextField
            id={TRANSFER_TO}
            label="New owner"
            hint={disabled
              ? "E-mail address of another user."
              : "E-mail address of another user. Empty: transfer it later, or to several users."}
            type="email"
            autocomplete="off"
            maxlength={254}
            value={transferTo}
            required={disabled}
            problems={problems}
          />
        )}
      </>
    ),
    submit: disabled ? "Transfer" : "Disable account",
    hasNoForm: isDone,
    isDangerous: !disabled,
    cancelPath: personPath(person.id),
  }, { problems });
}

function Ending({ report }: { report: OffboardReport }) {
  const { counts, logins, tokens, trustRules, identities, groups } = report;
  return (
    <>
      <p>This disables the account within a second, everywhere:</p>
      <ul id="ending">
        <li>
          {formatCount(counts.browsers, "browser")} {counts.browsers === 1 ? "is" : "are"}{" "}
          signed out.
        </li>
        <li>
          {formatCount(counts.logins, "login")} {counts.logins === 1 ? "is" : "are"} revoked
          {counts.narrowTokens > 0 &&
            `, with ${formatCount(counts.narrowTokens, "narrow token")}`}.
          <NameList names={logins.map(({ name, client }) => name ?? client)} />
        </li>
        {counts.approvals > 0 && (
          <li>
            {formatCount(counts.approvals, "approval")} that no terminal has used yet{" "}
            {counts.approvals === 1 ? "is" : "are"} withdrawn.
          </li>
        )}
        <li>
          {formatCount(counts.tokens, "personal access token")} {counts.tokens === 1 ? "is" : "are"}
          {" "}
          rejected while the account is disabled.
          <NameList names={tokens.map(({ name }) => name)} />
        </li>
        {trustRules.length > 0 && (
          <li>
            Workloads of {formatCount(trustRules.length, "trust rule")}{" "}
            can no longer act as the person.
            <NameList names={trustRules} />
          </li>
        )}
      </ul>
      {identities.length + groups.length > 0 && (
        <p class="muted">
          {[
            ...groups.length > 0 ? [`Groups: ${groups.join(", ")}.`] : [],
            ...identities.length > 0
              ? [`Linked accounts: ${identities.map(({ provider }) => provider).join(", ")}.`]
              : [],
          ].join(" ")}
        </p>
      )}
    </>
  );
}

function Owning({ owned }: { owned: readonly Owned[] }) {
  return (
    <>
      <h2>Needs another owner</h2>
      <ul id="owned">
        {owned.map(({ kind, name }) => (
          <li>
            <a href={ownerPath({ kind, name })}>
              {`${kind.replace("-", " ")} `}
              <strong>
                <UntrustedText text={name} max={100} />
              </strong>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function KnownSecrets({ report, now }: { report: OffboardReport; now: number }) {
  return (
    <>
      <h2>Secrets to rotate</h2>
      <p>The person was shown these secrets, which work for others:</p>
      <ul id="known-secrets">
        {report.knownSecrets.map(({ kind, id, name, account, at }) => (
          <li>
            <a
              href={kind === "token"
                ? `/tokens/${id}`
                : `/admin/clients/show?${new URLSearchParams({ client: id })}`}
            >
              {kind === "token" ? "Token " : "Secret of the client "}
              <strong>
                <UntrustedText text={name} max={100} />
              </strong>
            </a>
            {account !== null && ` of the service account ${account}`}, shown{" "}
            <TimeAgo at={new Date(at)} now={now} />
          </li>
        ))}
      </ul>
    </>
  );
}

function NameList({ names }: { names: readonly string[] }) {
  return names.length > 0 && (
    <ul>
      {names.map((name) => (
        <li>
          <UntrustedText text={name} max={100} />
        </li>
      ))}
    </ul>
  );
}

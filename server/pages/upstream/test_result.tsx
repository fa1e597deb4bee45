import type { Clock } from "../../../shared/clock.ts";
import type { UpstreamAccount } from "../../identity_providers/account.ts";
import type { UpstreamFailure } from "../../identity_providers/failure.ts";
import { reportTest, type TestReport } from "../../identity_providers/test_report.ts";
import type { Sql } from "../../store/db/connect.ts";
import { finishProviderTest } from "../../store/identity_provider_tests.ts";
import type { IdentityProvider } from "../../store/identity_providers.ts";
import type { UpstreamSignIn } from "../../store/upstream_sign_ins.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Badge } from "../ui/badge.tsx";
import { Fact } from "../ui/facts.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Shows what a provider has sent and what would happen; the terminal that waits gets it too. */
export async function showTestResult(
  deps: RenderDeps & { sql: Sql; clock: Clock },
  c: PageContext,
  provider: IdentityProvider,
  { testId }: Pick<UpstreamSignIn, "testId">,
  result: UpstreamAccount | UpstreamFailure,
): Promise<Response> {
  const report = await reportTest(deps.sql, provider, result);
  if (testId !== undefined) {
    const now = new Date(deps.clock.now());
    await finishProviderTest(deps.sql, { id: testId, result: report, now });
  }
  return await renderPage(deps, c, {
    name: "provider_test_result",
    title: `Test of ${provider.name}`,
    error: report.error ?? undefined,
    children: <ReportView report={report} isAdmin={c.get("session")?.user.isAdmin ?? false} />,
  });
}

function ReportView({ report, isAdmin }: { report: TestReport; isAdmin: boolean }) {
  const { provider, outcome, summary, account, groups, acr, amr, notes, claims } = report;
  return (
    <main class="wide">
      <h1>Test of {provider}</h1>
      <p id="outcome" data-outcome={outcome}>
        <Outcome outcome={outcome} /> <UntrustedText text={summary} max={500} />
      </p>
      <p class="muted">Nothing was changed, and you are not signed in by this.</p>
      {notes.length > 0 && (
        <ul class="warning" id="notes">
          {notes.map((note) => <li key={note}>{note}</li>)}
        </ul>
      )}
      {account !== null && (
        <dl>
          <Fact name="E-mail address">
            {account.email === null ? "None" : <UntrustedText text={account.email} max={254} />}
            {account.email !== null && (account.emailVerified ? " (verified)" : " (not verified)")}
          </Fact>
          <Fact name="Name">
            {account.name === null ? "None" : <UntrustedText text={account.name} max={100} />}
          </Fact>
          <Fact name="Subject">
            <UntrustedText text={account.subject} max={255} />
          </Fact>
          <Fact name="Issuer">
            <UntrustedText text={account.issuer} max={255} />
          </Fact>
          {groups !== null && (
            <>
              <Fact name="Groups of the provider">
                <Names names={groups.sent} />
              </Fact>
              <Fact name="Groups here" id="counted-groups">
                <Names names={groups.counted} />
              </Fact>
            </>
          )}
          <Fact name="Counts as">
            <code>{acr}</code> ({amr.join(" ")})
          </Fact>
        </dl>
      )}
      {Object.keys(claims).length > 0 && (
        <section>
          <h2>Claims</h2>
          <dl id="claims">
            {Object.entries(claims).map(([name, value]) => (
              <Fact name={name}>
                <code>
                  <UntrustedText text={value} max={300} />
                </code>
              </Fact>
            ))}
          </dl>
        </section>
      )}
      <p>
        {isAdmin
          ? <a class="button" href="/admin/identity-providers">Go to the identity providers</a>
          : "You can close this page."}
      </p>
    </main>
  );
}

function Outcome({ outcome }: Pick<TestReport, "outcome">) {
  switch (outcome) {
    case "known":
    case "link":
    case "create":
      return <Badge tone="good">Allowed</Badge>;
    case "queue":
      return <Badge tone="warning">Waits</Badge>;
    case "refuse":
      return <Badge tone="bad">Refused</Badge>;
    case "failed":
      return <Badge tone="bad">Failed</Badge>;
  }
}

function Names({ names }: { names: readonly string[] }) {
  return names.length === 0 ? <>None</> : (
    <>
      {names.map((name, index) => (
        <>
          {index > 0 && ", "}
          <UntrustedText text={name} max={200} />
        </>
      ))}
    </>
  );
}

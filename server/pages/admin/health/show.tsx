import type { Area, Finding } from "../../../../shared/finding.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

const MAX_TEXT = 600;

/**
 * What is wrong with the server, or soon will be: the checks of `admin doctor` that need neither the
 * operator's files nor send anything, with a part of what is long.
 */
export async function showHealth(deps: PageDeps, c: PageContext): Promise<Response> {
  const { areas, at } = await deps.health.examine();
  return await renderPage(deps, c, {
    name: "health",
    title: "Health",
    children: (
      <main class="wide">
        <PageHeading
          title="Health"
          lead="What is wrong with this server, or soon will be. The command admin doctor also tries the mail server, the webhook and the public address, and checks more of the audit log."
        />
        <p class="muted">
          Checked <TimeAgo at={at} now={deps.clock.now()} />, at most once in ten seconds.
        </p>
        {areas.map((area) => <AreaTable key={area.title} {...area} />)}
      </main>
    ),
  });
}

function AreaTable({ title, findings }: Area) {
  return (
    <section>
      <h2>{title}</h2>
      <DataTable
        caption={title}
        rows={findings}
        attributes={({ check, status }) => ({ "data-check": check, "data-status": status })}
        columns={[
          { label: "Check", cell: ({ check }) => <strong>{check.replaceAll("_", " ")}</strong> },
          { label: "State", cell: ({ status }) => <State status={status} /> },
          { label: "Result", cell: (finding) => <Result {...finding} /> },
        ]}
      />
    </section>
  );
}

const STATES = {
  ok: { tone: "good", label: "OK" },
  warning: { tone: "warning", label: "Warning" },
  problem: { tone: "bad", label: "Problem" },
} as const;

function State({ status }: Pick<Finding, "status">) {
  const { tone, label } = STATES[status];
  return <Badge tone={tone}>{label}</Badge>;
}

function Result({ message, advice }: Finding) {
  return (
    <>
      <UntrustedText text={message} max={MAX_TEXT} />
      {advice !== undefined && (
        <div class="muted">
          <UntrustedText text={advice} max={MAX_TEXT} />
        </div>
      )}
    </>
  );
}

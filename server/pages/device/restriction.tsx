import { brand } from "../../../shared/brand.ts";
import type { AppliedRule } from "../../logins/device_flow.ts";
import { type Client, commandLineClient } from "../../store/clients.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Why the user cannot approve a request here, and what to do instead. */
export function Restriction(
  { unmet, client }: { unmet: readonly AppliedRule[]; client: Client },
) {
  const off = unmet.find(({ rule }) => rule === "off");
  const elsewhere = unmet.find(({ rule }) => rule === "same-network");
  const rule = off ?? elsewhere;
  if (rule === undefined) return null;
  return (
    <div class="alert" role="alert" id="restriction" data-rule={rule.rule}>
      {off !== undefined
        ? <OffRule rule={off} client={client} />
        : <NetworkRule rule={rule} client={client} />}
    </div>
  );
}

function OffRule({ rule, client }: { rule: AppliedRule; client: Client }) {
  return (
    <>
      <p>
        <strong>
          The operator of this server has turned off codes for{" "}
          <Reason rule={rule} client={client} />.
        </strong>
      </p>
      <p>
        To log in, use a browser on the machine where you started this
        <BrowserLogin client={client} />. If someone sent you the code, select Deny.
      </p>
    </>
  );
}

function NetworkRule({ rule, client }: { rule: AppliedRule; client: Client }) {
  return (
    <>
      <p>
        <strong>
          This was started in a different network than the one of your browser. The operator of this
          server requires the same network for <Reason rule={rule} client={client} />.
        </strong>
      </p>
      <p>
        If you started it yourself, enter the code in a browser in the same network, or use a
        browser on that machine<BrowserLogin client={client} />. Otherwise someone else is trying to
        log in as you: select Deny.
      </p>
    </>
  );
}

function Reason({ rule: { forClient, scopes }, client }: { rule: AppliedRule; client: Client }) {
  if (forClient) return <>logins of {<UntrustedText text={client.name} />}</>;
  return (
    <>
      the {scopes.length === 1 ? "permission" : "permissions"}{" "}
      {scopes.map((scope, index) => (
        <span key={scope}>
          {index > 0 && ", "}
          <code>
            <UntrustedText text={scope} />
          </code>
        </span>
      ))}
    </>
  );
}

function BrowserLogin({ client }: { client: Client }) {
  if (client.id !== commandLineClient.id) return null;
  return (
    <>
      : <code>{brand.binaryName} login --web</code>
    </>
  );
}

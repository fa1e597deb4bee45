import { type Client, commandLineClient } from "../../store/clients.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Who answers for the client: only the operator registers clients. */
export function ApplicationFact({ client: { id, homepage, document } }: { client: Client }) {
  return (
    <>
      <UntrustedText text={id} />
      <span class="muted">
        {id === commandLineClient.id
          ? " (built in)"
          : document !== undefined
          ? " (not registered: described by the document at this address)"
          : " (registered by the operator of this server)"}
      </span>
      {homepage !== undefined && (
        <>
          {" · "}
          <a href={homepage} rel="noreferrer noopener">{new URL(homepage).host}</a>
        </>
      )}
    </>
  );
}

import type { Child } from "hono/jsx";
import { UntrustedText } from "./untrusted_text.tsx";

/** An entry of a description list. */
export function Fact(props: { name: string; id?: string; warning?: boolean; children: Child }) {
  return (
    <div id={props.id}>
      <dt>{props.name}</dt>
      <dd class={props.warning ? "differs" : undefined}>{props.children}</dd>
    </div>
  );
}

/** An IP address, and its place if the GeoIP database has it. */
export function Address({ address, place }: { address: string; place?: string }) {
  return (
    <span class="address">
      <UntrustedText text={address} />
      {place !== undefined && (
        <>
          {" ("}
          <UntrustedText text={place} />
          {")"}
        </>
      )}
    </span>
  );
}

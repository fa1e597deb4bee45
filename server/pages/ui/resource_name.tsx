import type { Resource } from "../../resources/resource.ts";
import { UntrustedText } from "./untrusted_text.tsx";

/** A resource as users know it, with its identifier. */
export function ResourceName(
  { resource: { kind, name, title, identifier } }: { resource: Resource },
) {
  return (
    <>
      {kind === "default" ? "This server's API" : <UntrustedText text={title ?? name} />}{" "}
      <span class="muted small">
        <UntrustedText text={identifier} max={200} />
      </span>
    </>
  );
}

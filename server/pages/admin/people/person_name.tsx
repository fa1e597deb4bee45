import { UntrustedText } from "../../ui/untrusted_text.tsx";

/** Whom a page is about. */
export function PersonName(
  { person: { name, email } }: { person: { name: string; email: string } },
) {
  return (
    <p>
      <strong>
        <UntrustedText text={name} max={100} />
      </strong>{" "}
      (<UntrustedText text={email} max={254} />)
    </p>
  );
}

import { browserName } from "../../http/browser_name.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** "Chrome on Linux", or what another program calls itself. */
export function BrowserName({ userAgent }: { userAgent: string }) {
  return (
    <strong>
      <UntrustedText text={browserName(userAgent) ?? (userAgent || "Unknown browser")} />
    </strong>
  );
}

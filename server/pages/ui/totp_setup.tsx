import { renderSVG } from "uqr";
import { Buffer } from "node:buffer";
import type { FormProblem } from "../http/form_problem.ts";
import { Command } from "./command.tsx";
import { TextField } from "./text_field.tsx";

/** How to add this server to an authenticator app: a QR code, and the key to type in its place. */
export function TotpSetup({ uri, setupKey }: { uri: string; setupKey: string }) {
  const svg = renderSVG(uri, { border: 2, ecc: "M" });
  // The policy of our pages allows images in data: URLs only.
  const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return (
    <>
      <p>
        Scan this QR code with an authenticator app, such as Aegis, Google Authenticator or a
        password manager.
      </p>
      <p>
        <img class="qr" src={image} width="200" height="200" alt="QR code with the key below" />
      </p>
      <p>If you cannot scan it, type this key into the app:</p>
      <Command>{setupKey}</Command>
    </>
  );
}

/** The code that proves that the app was set up. */
export function FirstCodeField({ problems }: { problems: readonly FormProblem[] }) {
  return (
    <TextField
      id="code"
      label="Code"
      hint="The six digits that the app shows now."
      problems={problems}
      type="text"
      inputmode="numeric"
      autocomplete="one-time-code"
      required
      maxlength={20}
    />
  );
}

import { createHash } from "node:crypto";

/**
 * The only script there is: it copies a new token. Without it, or where the browser
 * lets no page write to the clipboard, its button stays hidden, and the token is
 * selected and copied by hand. Saying nothing first makes a second "Copied" heard.
 */
export const copyScript = `
const [secret, copy, said] = ["secret", "copy", "copied"].map((id) => document.getElementById(id));
copy.hidden = !navigator.clipboard;
copy.onclick = async () => {
  said.textContent = "";
  try {
    await navigator.clipboard.writeText(secret.value);
    said.textContent = "Copied";
  } catch {
    said.textContent = "The browser forbids it: select the token and copy it yourself.";
  }
};
`;

/** Names the script in the Content-Security-Policy. */
export const copyScriptHash = `sha256-${createHash("sha256").update(copyScript).digest("base64")}`;

import { asset } from "./asset.ts";

/**
 * Copies a new token. Without scripts, or if the browser does not let pages write to the clipboard,
 * its button stays hidden. The message is cleared first, so that screen readers announce a second
 * "Copied".
 */
export const copyToken = asset(
  "copy_token.js",
  `
const [secret, button, message] = ["secret", "copy", "copied"].map((id) => document.getElementById(id));
button.hidden = !navigator.clipboard;
button.onclick = async () => {
  message.textContent = "";
  try {
    await navigator.clipboard.writeText(secret.value);
    message.textContent = "Copied";
  } catch {
    message.textContent = "The browser did not allow copying. Select the token and copy it.";
  }
};
`,
);

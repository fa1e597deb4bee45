import { asset } from "./asset.ts";

/**
 * Asks the browser for a passkey, and submits its response with the form: our pages may not send
 * requests themselves. `data-passkey` is the ceremony, `data-options` its options as JSON. The forms
 * stay hidden without scripts or passkeys. With `data-autofill`, passkeys are also among the
 * suggestions for the e-mail address.
 */
export const passkeys = asset(
  "passkeys.js",
  `
const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const encode = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withIds = (list = []) => list.map((entry) => ({ ...entry, id: decode(entry.id) }));

function publicKeyOptions({ challenge, user, excludeCredentials, allowCredentials, ...rest }) {
  const options = { ...rest, challenge: decode(challenge) };
  if (user) {
    options.user = { ...user, id: decode(user.id) };
    options.excludeCredentials = withIds(excludeCredentials);
  } else {
    options.allowCredentials = withIds(allowCredentials);
  }
  return options;
}

function toJson({ id, rawId, type, response }) {
  const json = { clientDataJSON: encode(response.clientDataJSON) };
  if (response.attestationObject) {
    json.attestationObject = encode(response.attestationObject);
    json.transports = response.getTransports?.() ?? [];
  } else {
    json.authenticatorData = encode(response.authenticatorData);
    json.signature = encode(response.signature);
    if (response.userHandle) json.userHandle = encode(response.userHandle);
  }
  return JSON.stringify({ id, rawId: encode(rawId), type, response: json });
}

const MESSAGES = {
  NotAllowedError: "No passkey was used. Try again.",
  InvalidStateError: "This device or password manager already has a passkey for this account.",
  NotSupportedError: "This device cannot create a passkey. Try another device or a security key.",
  ConstraintError: "This device cannot confirm that it is you. Set up a screen lock or a PIN first.",
};

let autofill;

async function ask(form, more = {}) {
  const message = form.querySelector("[aria-live]");
  message.removeAttribute("role");
  message.textContent = "";
  try {
    const publicKey = publicKeyOptions(JSON.parse(form.dataset.options));
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey, ...more });
    form.elements.credential.value = toJson(credential);
    HTMLFormElement.prototype.submit.call(form);
  } catch ({ name }) {
    if (name === "AbortError" || more.mediation) return;
    message.setAttribute("role", "alert");
    message.textContent = name === "SecurityError"
      ? "Passkeys work at the address of this server only: " + form.dataset.origin
      : MESSAGES[name] ?? "The browser could not use a passkey (" + name + ").";
  }
}

for (const form of globalThis.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // Of two requests at the same time, the browser would reject the second one.
    autofill?.abort();
    await ask(form);
  });
  if ("autofill" in form.dataset) {
    const available = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (!available) continue;
    autofill = new AbortController();
    ask(form, { mediation: "conditional", signal: autofill.signal });
  }
}
`,
);

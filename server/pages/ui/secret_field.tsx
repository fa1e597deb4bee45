import { copyToken } from "../assets/copy_token.ts";

/** A secret that is shown once, with a button that copies it. */
export function SecretField(
  { label, secret, hint }: { label: string; secret: string; hint: string },
) {
  return (
    <div class="field">
      <label for="secret">{label}</label>
      <div class="secret code">
        {/* Works without the script: Tab selects the field, a click selects the text over it. */}
        <input
          id="secret"
          readonly
          autocomplete="off"
          spellcheck={false}
          translate="no"
          value={secret}
          aria-describedby="secret-hint"
        />
        <span aria-hidden="true" translate="no">{secret}</span>
      </div>
      <div class="copy">
        <button id="copy" type="button" hidden>Copy</button>
        <span id="copied" role="status"></span>
      </div>
      <p class="hint" id="secret-hint">{hint}</p>
      <script src={copyToken.url} defer></script>
    </div>
  );
}

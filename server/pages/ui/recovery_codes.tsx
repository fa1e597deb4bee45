/** New recovery codes. This is the response to the POST, since only their hashes are stored. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <>
      <p>
        With a recovery code you can sign in without your authenticator app, for example if you lose
        your phone. Each code works once.
      </p>
      <div class="warning">
        <p>
          <strong>You cannot see these codes again.</strong>{" "}
          Print them, or store them in a password manager, but not on the phone with the app.
        </p>
      </div>
      <ol class="recovery-codes" translate="no">
        {codes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ol>
    </>
  );
}

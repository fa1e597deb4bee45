import { brand } from "../../../shared/brand.ts";
import { listText } from "../../../shared/list_text.ts";
import { pendingValues, type ReplicaKeys, type SecretKeyState } from "./state.ts";

const COMMAND = `${brand.binaryName} admin secret-key`;

/** What a rotation needs first, as sentences; undefined if it can start. */
export function rotationObstacle(state: SecretKeyState): string | undefined {
  const { secretKey, acceptedKeys, replicas } = state;
  const unknown = replicas.filter((replica) => replica.acceptedKeys === null);
  if (unknown.length > 0) {
    return `It is not known which keys ${names(unknown)} has. Restart it with this version.`;
  }
  const lacking = secretKey === null
    ? []
    : replicas.filter((replica) => !replica.acceptedKeys!.includes(secretKey));
  if (lacking.length > 0) {
    return `${names(lacking)} does not accept the key ${secretKey}, and could not read what it ` +
      "encrypts. Add the key to previous_secret_keys there, and restart it.";
  }
  const others = replicas.filter((replica) => replica.secretKey !== secretKey);
  if (others.length > 0) {
    const [{ secretKey: other }] = others;
    const target = secretKey === null ? "Remove secret_key" : `Set secret_key to ${secretKey}`;
    return `${names(others)} still ${
      other === null ? "has no secret_key" : `encrypts with the key ${other}`
    }. ${target} there, keep the other keys in previous_secret_keys, and restart it. If it is ` +
      "this command that has the wrong key, pass it the settings of the server.";
  }
  const missing = state.keys.map(({ key }) => key)
    .filter((key) => key !== "plain" && key !== "unnamed" && !acceptedKeys.includes(key));
  if (missing.length > 0) {
    return `Some values need the key ${listText(missing, "none")}, which is not set. Add it to ` +
      "previous_secret_keys.";
  }
  return undefined;
}

/** What to do next, from the first key to the removal of the one before. */
export function nextStep(state: SecretKeyState): string {
  const obstacle = rotationObstacle(state);
  if (obstacle !== undefined) return obstacle;
  const { secretKey, keys } = state;
  const pending = pendingValues(state);
  if (pending > 0 && secretKey !== null) {
    return `To encrypt ${pending} values with the key ${secretKey}, run: ${COMMAND} rotate`;
  }
  if (pending > 0) {
    return `To store ${pending} values without encryption, run: ${COMMAND} rotate`;
  }
  const extra = otherKeys(state);
  const all = secretKey === null
    ? "Nothing is encrypted."
    : keys.length === 0
    ? `New values are encrypted with the key ${secretKey}.`
    : `Everything is encrypted with the key ${secretKey}.`;
  if (extra.length > 0) {
    const other = listText(extra, "none");
    return `${all} If ${other} was replaced, remove it from previous_secret_keys everywhere. If it ` +
      "is the next key, set secret_key to it on one server after the other" +
      (secretKey === null ? "." : `, with ${secretKey} in previous_secret_keys.`);
  }
  if (secretKey === null) return `${all} To generate a key, run: ${COMMAND} generate`;
  return `${all} There is nothing to do.`;
}

/** The keys that this program or a running server accepts besides `secret_key`. */
export function otherKeys(
  { secretKey, acceptedKeys, replicas }: Pick<
    SecretKeyState,
    "secretKey" | "acceptedKeys" | "replicas"
  >,
): string[] {
  const accepted = [acceptedKeys, ...replicas.map(({ acceptedKeys }) => acceptedKeys ?? [])].flat();
  return [...new Set(accepted)].filter((key) => key !== secretKey);
}

function names(replicas: readonly ReplicaKeys[]): string {
  return `The server ${listText(replicas.map(({ name }) => name), "")}`;
}

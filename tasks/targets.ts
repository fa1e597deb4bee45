/** The systems that a release supports, and the keychain add-on of each. */
export interface Target {
  /** As `deno compile --target` names it. */
  name: string;
  /** Suffix of @napi-rs/keyring's package for the platform; Linux is served over D-Bus. */
  keyring?: string;
  exeSuffix: "" | ".exe";
}

export const targets: readonly Target[] = [
  { name: "x86_64-unknown-linux-gnu", exeSuffix: "" },
  { name: "aarch64-unknown-linux-gnu", exeSuffix: "" },
  { name: "x86_64-apple-darwin", keyring: "darwin-x64", exeSuffix: "" },
  { name: "aarch64-apple-darwin", keyring: "darwin-arm64", exeSuffix: "" },
  { name: "x86_64-pc-windows-msvc", keyring: "win32-x64-msvc", exeSuffix: ".exe" },
];

/** The target with this name; by default this machine's. */
export function targetNamed(name: string = Deno.build.target): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (target) return target;
  const names = targets.map((target) => target.name).join(", ");
  throw new Error(`${name} is not a supported system. Use one of: ${names}`);
}

/** The names under which other programs start this one as a credential helper. */
import { brand } from "../../shared/brand.ts";

const bin = brand.binaryName;

/** By the name of the program: the arguments that come before its own. */
export const HELPER_PROGRAMS = {
  /** Configured as `"credHelpers": {"registry.example.com": "NAME"}`. */
  [`docker-credential-${bin}`]: ["auth", "docker"],
  /** Named in full by `--credential_helper`. */
  [`bazel-credential-${bin}`]: ["auth", "bazel"],
  /** Named in full by `global-credential-providers`. */
  [`cargo-credential-${bin}`]: ["auth", "cargo"],
  /** Configured as `credentials_helper "NAME"`. */
  [`terraform-credentials-${bin}`]: ["auth", "terraform"],
  /** The program that pip and uv ask, of the Python package of this name. */
  keyring: ["auth", "keyring"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The arguments that the name of the running program stands for; none for the program itself. */
export function impliedArguments(program: string): readonly string[] {
  const name = program.replace(/\.exe$/i, "");
  return Object.hasOwn(HELPER_PROGRAMS, name) ? HELPER_PROGRAMS[name] : [];
}

/** A provider of identity tokens for the job or workload that this process is part of. */
import type { ID_TOKEN_TYPE, JWT_TYPE } from "../../shared/oauth/token_types.ts";
import type { ClientIo } from "../io.ts";

export type Environment = ClientIo["env"];

/** Unverified claims of an identity token: for messages, not for decisions. */
export type Claims = Readonly<Record<string, unknown>>;

export interface WorkloadProvider {
  /** As `--federation` names it. */
  readonly name: string;
  readonly title: string;
  readonly tokenType: typeof ID_TOKEN_TYPE | typeof JWT_TYPE;
  /** Whether a job gets the same token each time. */
  readonly reusesToken: boolean;
  /** Whether the environment shows that this process runs there. Sends no request. */
  detect(env: Environment): boolean;
  /**
   * Why there is no identity token for `audience`, and what to add to which file; undefined if the
   * environment shows no reason.
   */
  obstacle(audience: string, env: Environment): string | undefined;
  /** The identity token for `audience`, if there is no obstacle. Throws ClientError. */
  identityToken(audience: string, io: ClientIo): Promise<string>;
  /** The arguments of `admin trust add` for a rule that trusts these claims. */
  trustArguments(claims: Claims): string[];
}

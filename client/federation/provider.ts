/** What signs identity tokens for the job or workload this process is part of. */
import type { ID_TOKEN_TYPE, JWT_TYPE } from "../../shared/oauth/token_types.ts";
import type { ClientIo } from "../io.ts";

export type Environment = ClientIo["env"];

/** Claims of an identity token, unchecked: to say what to do next, never to decide. */
export type Claims = Readonly<Record<string, unknown>>;

export interface WorkloadProvider {
  /** As `--federation` and, for operators, `admin trust add` name it. */
  readonly name: string;
  /** As people know it. */
  readonly title: string;
  readonly tokenType: typeof ID_TOKEN_TYPE | typeof JWT_TYPE;
  /** Whether each call gets a token of its own; else a job has the same one all its life. */
  readonly fresh: boolean;
  /** Whether the environment shows that we run there. Looks at nothing else. */
  detect(env: Environment): boolean;
  /**
   * Why there can be no identity token for `audience`, and what to write where;
   * undefined if nothing in the environment speaks against it.
   */
  obstacle(audience: string, env: Environment): string | undefined;
  /** The identity token for `audience`, once there is no obstacle. Throws ClientError. */
  identityToken(audience: string, io: ClientIo): Promise<string>;
  /** The words after `admin trust add` that would trust a token with these claims. */
  trustArguments(claims: Claims): string[];
}

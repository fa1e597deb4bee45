/** The part of docker's configuration that names this program. */
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import type { ClientIo } from "../../io.ts";

/** The name of the helper: `docker-credential-` and the name in docker's configuration. */
export const DOCKER_HELPER = `docker-credential-${brand.binaryName}`;

/** Registries for which docker's `credHelpers` names this program, as the user wrote them. */
export async function dockerRegistries(
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): Promise<string[]> {
  const folder = env.DOCKER_CONFIG || (platform.homeFolder && join(platform.homeFolder, ".docker"));
  if (!folder) return [];
  try {
    const { credHelpers } = Object(
      JSON.parse(await Deno.readTextFile(join(folder, "config.json"))),
    );
    return Object.entries(Object(credHelpers))
      .flatMap(([registry, helper]) => helper === brand.binaryName ? [registry] : []);
  } catch {
    // Missing or unreadable, for docker as well, which then does not call us.
    return [];
  }
}

/** What the user has told docker about us. */
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import type { ClientIo } from "../../io.ts";

/** The program docker looks for: `docker-credential-` and the name in its configuration. */
export const DOCKER_HELPER = `docker-credential-${brand.binaryName}`;

/** Registries whose credentials docker's `credHelpers` leaves to us, as the user wrote them. */
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
    // Not there, or not readable even for docker, which then asks us for nothing.
    return [];
  }
}

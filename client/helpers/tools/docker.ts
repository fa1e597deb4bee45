import { join } from "../../../shared/path.ts";
import { brand } from "../../../shared/brand.ts";
import { jsonEdit } from "../edit/json_edit.ts";
import type { HostEntry } from "../host_list.ts";
import { pathPlan } from "../shell_path.ts";
import { foreignSetting, type Tool } from "../tool.ts";

const HELPERS = "credHelpers";

export const docker: Tool = {
  name: "docker",
  perHost: true,
  plan(place) {
    const path = join(place.env.DOCKER_CONFIG || join(place.home, ".docker"), "config.json");
    const edit = jsonEdit({
      path,
      settings(document) {
        const present = Object(Object(document)[HELPERS]);
        return place.hosts.flatMap((entry) => {
          const key = registryOf(entry);
          const value = present[key];
          if (value === brand.binaryName) return [];
          if (value !== undefined) throw foreignSetting(path, `a credential helper for ${key}`);
          return [{ path: [HELPERS], key, value: brand.binaryName }];
        });
      },
      isOwn: (path, _key, value) => path.join() === HELPERS && value === brand.binaryName,
    });
    const { edits, notes } = pathPlan(place);
    return Promise.resolve({
      edits: [edit, ...edits],
      links: [{ folder: place.binFolder, name: `docker-credential-${brand.binaryName}` }],
      notes,
    });
  },
};

/** As docker names a registry: without a scheme. */
function registryOf({ host }: HostEntry): string {
  return host.replace("http://", "");
}

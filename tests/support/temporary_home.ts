/** A home folder for one test, without the user's own settings, files and keychain. */
import { join } from "node:path";

export interface TemporaryHome extends AsyncDisposable {
  folder: string;
  /** The environment that makes `folder` the home on Linux, macOS and Windows. */
  env: Record<string, string>;
}

export async function temporaryHome(): Promise<TemporaryHome> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "home-" }));
  const env: Record<string, string> = {
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, ".config"),
    XDG_DATA_HOME: join(folder, ".local", "share"),
    XDG_STATE_HOME: join(folder, ".local", "state"),
    XDG_CACHE_HOME: join(folder, ".cache"),
    TMPDIR: join(folder, "tmp"),
  };
  if (Deno.build.os === "windows") {
    env.USERPROFILE = folder;
    env.APPDATA = join(folder, "AppData", "Roaming");
    env.LOCALAPPDATA = join(folder, "AppData", "Local");
    env.TEMP = env.TMP = env.TMPDIR;
    for (const name of [env.APPDATA, env.LOCALAPPDATA]) await Deno.mkdir(name, { recursive: true });
  }
  await Deno.mkdir(env.TMPDIR);
  return {
    folder,
    env,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Loads what configures a program. */
import type { Tool } from "./tool.ts";
import type { ToolName } from "./tool_names.ts";

const LOADERS: Record<ToolName, () => Promise<Tool>> = {
  bazel: async () => (await import("./tools/bazel.ts")).bazel,
  cargo: async () => (await import("./tools/cargo.ts")).cargo,
  "claude-code": async () => (await import("./tools/claude_code.ts")).claudeCode,
  docker: async () => (await import("./tools/docker.ts")).docker,
  git: async () => (await import("./tools/git.ts")).git,
  go: async () => (await import("./tools/go.ts")).go,
  pip: async () => (await import("./tools/python.ts")).pip,
  pnpm: async () => (await import("./tools/pnpm.ts")).pnpm,
  terraform: async () => (await import("./tools/terraform.ts")).terraform,
  uv: async () => (await import("./tools/python.ts")).uv,
};

export async function loadTool(name: ToolName): Promise<Tool> {
  return await LOADERS[name]();
}

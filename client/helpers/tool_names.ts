/** The programs that `auth install` configures; the code of each is loaded when it is needed. */
export const TOOL_NAMES = {
  bazel: "Bazel: remote caches, execution and downloads",
  cargo: "cargo: private registries",
  "claude-code": "Claude Code and agents that read .mcp.json: MCP servers",
  docker: "docker, podman, buildah and skopeo: registries",
  git: "git over https",
  go: "Go 1.24 and later: private modules",
  pip: "pip 23.1 and later: private indexes",
  pnpm: "pnpm: private registries",
  terraform: "Terraform and OpenTofu: private registries",
  uv: "uv: private indexes",
} as const;

export type ToolName = keyof typeof TOOL_NAMES;

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(TOOL_NAMES, name);
}

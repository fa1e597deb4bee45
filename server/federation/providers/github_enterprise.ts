import type { Provider } from "../provider.ts";
import { github } from "./github.ts";

export const githubEnterprise = {
  ...github,
  name: "github-enterprise",
  title: "GitHub Enterprise Server",
  fields: {
    ...github.fields,
    issuer: {
      label: "Issuer",
      hint: "The address of your server with /_services/token.",
      example: "https://github.example.com/_services/token",
      required: true,
    },
  },
  phrases: { ...github.phrases, all: "GitHub Enterprise Server jobs" },
  // Each installation has its own: https://HOST/_services/token
  issuer: undefined,
  example:
    "acme/api --branch main --issuer https://github.example.com/_services/token --scope deploy",
} as const satisfies Provider;

import type { Provider } from "../provider.ts";
import { gitlab } from "./gitlab.ts";

export const gitlabSelfManaged = {
  ...gitlab,
  name: "gitlab-self-managed",
  title: "GitLab Self-Managed",
  fields: {
    ...gitlab.fields,
    issuer: {
      label: "Issuer",
      hint: "The address of your GitLab.",
      example: "https://gitlab.example.com",
      required: true,
    },
  },
  phrases: { ...gitlab.phrases, all: "GitLab Self-Managed jobs" },
  // Each installation has its own: its address.
  issuer: undefined,
  example: "acme/api --branch main --issuer https://gitlab.example.com --scope deploy",
} as const satisfies Provider;

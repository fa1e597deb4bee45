import * as z from "zod/mini";
import { anyText, described, named } from "../schema.ts";

export const leakReport = named(
  "LeakReport",
  z.strictObject({
    token: described("The token as it was found.", anyText(1, 4096)),
    url: described("Where it was found.", z.optional(anyText(0, 4096))),
  }),
);

export const leakResult = named(
  "LeakResult",
  z.strictObject({
    revoked: described(
      "Whether this server issued the token and it is revoked or expired now.",
      z.boolean(),
    ),
  }),
);

/** https://docs.gitlab.com/user/application_security/secret_detection/automatic_response/ */
export const gitlabReportBody = named(
  "GitLabReport",
  z.array(z.object({
    type: anyText(1, 200),
    token: anyText(1, 4096),
    location: z.optional(anyText(0, 4096)),
  })).check(z.maxLength(1000)),
);

/** As GitHub's secret scanning sends it. Members that it may add later are ignored. */
export const githubAlertBody = named(
  "GitHubAlert",
  z.array(z.object({
    token: z.string(),
    type: z.string(),
    url: z.optional(z.nullable(z.string())),
    source: z.optional(z.nullable(z.string())),
  })),
);

export const githubResult = named(
  "GitHubResult",
  z.array(z.strictObject({
    token_raw: z.string(),
    token_type: z.string(),
    label: z.enum(["true_positive", "false_positive"]),
  })),
);

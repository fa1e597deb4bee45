import type { SettingGroup } from "../setting.ts";
import { choice } from "../value_type.ts";

export const signIn = {
  title: "Signing in",
  settings: [
    {
      name: "second_factor",
      key: "secondFactor",
      type: choice({ off: "off", administrators: "administrators", everyone: "everyone" }),
      default: "off",
      summary: "who needs a second factor to sign in",
      details:
        "Those who have none set one up at their next sign-in. A user with a second factor " +
        "needs it in any case. A scope can require one with `factor`, see [Scopes](#scopes).",
    },
  ],
} as const satisfies SettingGroup;

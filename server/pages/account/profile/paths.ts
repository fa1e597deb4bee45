import type { Crumb } from "../../ui/breadcrumbs.tsx";

export const ACCOUNT_PATH = "/account";

export const ACCOUNT_CRUMB: Crumb = { path: ACCOUNT_PATH, label: "Your account" };

export const NAME_PATH = `${ACCOUNT_PATH}/name`;
export const EMAIL_PATH = `${ACCOUNT_PATH}/email`;
export const EXPORT_PATH = `${ACCOUNT_PATH}/export`;

export const SECURITY_PATH = "/account/security";
export const APP_PATH = `${SECURITY_PATH}/app`;
export const RECOVERY_CODES_PATH = `${SECURITY_PATH}/recovery-codes`;

export const securityCrumbs = [
  { path: "/", label: "Overview" },
  { path: SECURITY_PATH, label: "Sign-in methods" },
];

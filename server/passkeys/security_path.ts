/** The page on which users manage how they sign in. */
export const SECURITY_PATH = "/account/security";

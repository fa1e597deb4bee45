/** Where directories provision users, below the issuer: what they call the base or tenant URL. */
export const SCIM_PATH = "/scim/v2";

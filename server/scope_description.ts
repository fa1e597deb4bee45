/** A scope people may be asked for, in words they understand. */
export interface ScopeDescription {
  name: string;
  description: string;
  /** Whom it is for; undefined: everybody. */
  roles?: Role[];
  /** Client ids that may ask for it in a login; undefined: all. */
  clients?: string[];
  /** False: no personal access token may carry it. */
  tokens?: boolean;
}

/** What a person is to this server. */
export type Role = "admin" | "user";

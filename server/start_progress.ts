/** What a start does that can take seconds, as it happens. */
export type StartProgress =
  /** `fraction` of the work is done. */
  | { stage: "creating_database"; fraction: number }
  | { stage: "migrating"; name: string; isNewDatabase: boolean };

export type OnStartProgress = (progress: StartProgress) => void;

/**
 * The habits of wording that `deno task lint:prose` reports, and what to write instead. Add one
 * when a review finds the same habit twice.
 */

export interface ProseRule {
  /** A space stands for any white space, line breaks of a comment or paragraph included. */
  pattern: RegExp;
  suggestion: string;
  why: string;
}

export const proseRules: readonly ProseRule[] = [
  {
    pattern: /(?<!\b(?:there|where) )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b)/gi,
    suggestion: '"is not a valid X", "invalid X", "is not an X"',
    why: 'only "there is no X" is usual',
  },
  {
    pattern: /(?<!\b(?:leaves?|leaving|left) (?:[\w'-]+ ){0,4})\balone\b/gi,
    suggestion: '"only", before what it limits',
    why: "a trailing alone is missed by the reader",
  },
  {
    pattern: /(?<!open-|\.)\bended\b/gi,
    suggestion: '"revoked", "expired", "signed out", "finished" or "exited"',
    why: "the four are different things (docs/glossary.md)",
  },
  {
    pattern:
      /\b(?:accounts?|approvals?|codes?|famil(?:y|ies)|links?|logins?|sessions?|tokens?) (?:that |which )?(?:ends?|will end|are ending|is ending)\b(?! (?:with|in)\b)/gi,
    suggestion: '"expires", "is revoked"',
    why: "revoke and expire are different things (docs/glossary.md)",
  },
  {
    pattern:
      /\b(?:to end|ends?|ending) (?:(?:a|all|an|another|any|each|every|her|his|its|my|of|old|one's|other|own|that|the|their|these|this|your) )*(?:logins?|sessions?|tokens?|famil(?:y|ies))\b/gi,
    suggestion: '"revoke", "sign out"',
    why: "say which of the ways to end it is meant (docs/glossary.md)",
  },
  {
    pattern: /\b(?:tells?|telling|told|hears?|heard)\b/gi,
    suggestion: '"notify", "report", "log", "show", "determine"',
    why: "programs report; they do not talk",
  },
  {
    pattern: /\bmade\b(?! up of)/gi,
    suggestion: '"created", "generated", "built"',
    why: "the field says create",
  },
  {
    pattern:
      /\b(?:make|makes|making) (?:(?:a|an|another|any|its|more|new|no|one|that|the|their|two|your|personal|access|first) )+(?:accounts?|administrators?|clients?|codes?|databases?|files?|folders?|keys?|links?|logins?|pairs?|requests?|rules?|sessions?|tables?|tokens?|users?)\b(?! endpoint)/gi,
    suggestion: '"create", "send", "generate"',
    why: "the field says create",
  },
  {
    pattern: /\b(?:lies?|lying)\b/gi,
    suggestion: '"is stored", "is located", "is"',
    why: "data is stored somewhere",
  },
  {
    pattern:
      /(?<!\bin other )(?<=\b(?:by|in|their|the|these|those|whose|own|plain|same|our|no|'s|s') )words\b/gi,
    suggestion: '"message", "description", "text"',
    why: "a message is a message",
  },
  {
    pattern: /\b(?:strangers?|whoever|nobody|somebody|everybody|anybody|people|folks?)\b/gi,
    suggestion: '"anyone", "users", "unauthenticated clients", "operators", "no user"',
    why: "name the role (docs/glossary.md)",
  },
  {
    pattern: /\btrad(?:e|es|ed|ing|able)\b(?!-)/gi,
    suggestion: '"exchange"',
    why: "RFC 8693 says exchange",
  },
  { pattern: /\bmend(?:s|ed|ing)?\b/gi, suggestion: '"fix"', why: "the usual word" },
  {
    pattern: /\b(?:shut|shuts|shutting) out\b/gi,
    suggestion: '"disable", "block"',
    why: "the usual word",
  },
  { pattern: /\banew\b/gi, suggestion: '"again"', why: "the usual word" },
  {
    pattern: /\bby (?:itself|themselves)\b/gi,
    suggestion: '"automatically"; "separately", "on its own"',
    why: "the usual word",
  },
  { pattern: /\bfor ever\b/gi, suggestion: '"indefinitely", "forever"', why: "the usual word" },
  { pattern: /\bneed be\b/gi, suggestion: '"if necessary"', why: "the usual word" },
  { pattern: /\bturn(?:ed|s|ing)? away\b/gi, suggestion: '"rejected"', why: "the usual word" },
  {
    pattern: /\bstands? (?:above|at|below|here|in|nowhere|on|there|under)\b/gi,
    suggestion: '"is in", "is on"',
    why: "text does not stand",
  },
  { pattern: /\bbut for\b/gi, suggestion: '"except"', why: "the usual word" },
  { pattern: /\blest\b/gi, suggestion: '"so that … not"', why: "the usual word" },
  {
    pattern: /\bwish(?:es|ed)?\b/gi,
    suggestion: '"request"',
    why: "a request is a request",
  },
  {
    pattern: /\bverdicts?\b/gi,
    suggestion: '"validation result", "result"',
    why: "the type is ValidationResult",
  },
  {
    pattern: /\b(?:forgive[ns]?|forgave|forgiving)\b/gi,
    suggestion: '"release", "reset"',
    why: "the function is releaseAttempt",
  },
  {
    pattern: /\bof (?:ours|theirs|yours)\b/gi,
    suggestion: '"our X", "your X"',
    why: "shorter, and what others write",
  },
  { pattern: /\bbe had\b/gi, suggestion: '"be available", "be obtained"', why: "the usual word" },
  {
    pattern: /\bbecomes? of\b/gi,
    suggestion: '"happens to"',
    why: "the usual word",
  },
  { pattern: /\ball the same\b/gi, suggestion: '"still", "anyway"', why: "the usual word" },
  {
    pattern: /\bjudg(?:es?|ed|ing|ements?|ments?)\b/gi,
    suggestion: '"validate", "decide"',
    why: "the function is validate",
  },
  {
    pattern: /\bliving\b/gi,
    suggestion: '"valid", "active"',
    why: "tokens are valid or active",
  },
  {
    pattern: /\bthie(?:f|ves)\b/gi,
    suggestion: '"attacker"',
    why: "the word of security documents",
  },
  {
    pattern: /\b(?:no matter|not even) who(?:m|ever)?\b/gi,
    suggestion: '"for any user"',
    why: "name the role",
  },
];

/** Identifiers that have a better name, by which a reader would search. */
export const renamedIdentifiers: Readonly<Record<string, string>> = {
  AppParts: "a narrow Deps",
  Foreign: "UntrustedText",
  FormNumber: "IdempotencyKey",
  GatheredReads: "BatchLoader",
  KnownToken: "ValidatedToken",
  LastUses: "LastUsedRecorder",
  LeakJudgement: "LeakReportResult",
  PATIENCE: "…_TIMEOUT_MS",
  Remembered: "InvalidatingCache",
  RenewalPlace: "LoginStore",
  RuleWishes: "RuleOptions",
  TRUST: "MAX_STALENESS_MS",
  TokenCheck: "TokenValidator",
  TokenRefusal: "DomainError",
  Verdict: "ValidationResult",
  WideRights: "InsecurePermissionsError",
  acceptedScope: "intersectScope",
  accessTokenStanding: "accessTokenStatus",
  addressForLimits: "rateLimitKey",
  admitPassword: "checkPasswordLimit",
  askedProvider: "requestedProvider",
  explained: "wrapStoreErrors",
  fitting: "parseWith",
  forgiveAttempt: "releaseAttempt",
  grantWish: "applyPolicy",
  grantedScope: "intersectScope",
  heldScope: "intersectScope",
  inTime: "withTimeout",
  interruptible: "abortable",
  isFromOwnForm: "verifyCsrf",
  isTradable: "isExchangeable",
  letIn: "authenticate",
  makeFirst: "ensureInitialKeys",
  misfit: "describeIssue",
  narrowedScope: "intersectScope",
  newLoginPlace: "openLoginStore",
  provenAt: "lastHeartbeatAt",
  questionOf: "parseQuery",
  renewBrowserToken: "rotateSessionCookie",
  setServiceAccountShutOut: "setServiceAccountDisabled",
  succeedingRefreshToken: "deriveNextRefreshToken",
  tellOwner: "notifyOwner",
  useAssertion: "recordJti",
  withinPatience: "withTimeout",
  workloadScope: "intersectScope",
  wrongAddress: "notFoundOrMethodNotAllowed",
};

/** Variables that do not say what they hold. */
export const vagueVariables: Readonly<Record<string, string>> = {
  each: "what it is: token, rule, row",
  fitting: "what it is",
  found: "what was looked for: row, token, findings",
  given: "params, options",
  made: "created",
  one: "what it is: token, rule, row",
  shown: "what it is",
  wanted: "requested, expected",
  words: "message, text",
};

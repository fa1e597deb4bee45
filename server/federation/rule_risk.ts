/** The ways in which a rule can trust more workloads than its author meant. */
export type RuleRiskCode =
  | "no_condition" // every token of the issuer matches
  | "no_owner" // every customer of the provider matches
  | "no_fixed_start" // anyone can choose a value that matches
  | "matches_anything" // a condition that always holds
  | "no_ref" // every branch matches, pull requests included where they get tokens
  | "pull_requests"; // pull requests match, which may come from forks

export interface RuleRisk {
  code: RuleRiskCode;
  /** One or two sentences for the rule's author. */
  message: string;
}

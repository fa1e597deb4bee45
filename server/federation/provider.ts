import type { DomainError } from "../domain_error.ts";
import type { RuleOptions } from "./build_rule.ts";
import type { Condition } from "./condition.ts";
import type { OwnerClaims } from "./owner_claims.ts";
import type { RuleRisk } from "./rule_risk.ts";

/** A claim that rules use, as the provider's page explains it. */
export interface ClaimDescription {
  claim: string;
  description: string;
  /** A value of a typical token, if the description does not have one. */
  example?: string;
}

/** A field of the page that adds a rule, in the provider's own terms. */
export interface RuleField {
  label: string;
  hint: string;
  /** A typical value. */
  example: string;
  /** There is no rule without it. */
  required?: true;
}

/** The fields that name a provider's workloads. A field that is absent is not shown. */
export interface RuleFields {
  subject: RuleField;
  repositoryId?: RuleField;
  workflow?: RuleField;
  branch?: RuleField;
  tag?: RuleField;
  environment?: RuleField;
  issuer?: RuleField;
  /** For providers whose tokens cannot have this server's URL as their audience. */
  audience?: RuleField;
}

/** What `admin trust add PROVIDER SUBJECT` names, and how it becomes conditions. */
export interface Subject {
  /** Its form, in capitals for the parts to replace: `OWNER/REPOSITORY`. */
  form: string;
  example: string;
  conditions(subject: string): Condition[] | DomainError;
  /**
   * The number of a repository or project. Names change hands when they are given up, numbers do
   * not, so a condition on the number replaces those on the name wherever the number is known.
   */
  number?: {
    claim: string;
    /** Where the provider's API describes the repository, with its number as `id`. */
    apiUrl(issuer: string, segments: readonly string[]): string;
  };
}

/** Options of `buildRule` that are read from a token. `conditions` are `claim=value`. */
export type WorkloadOptions = Partial<
  Omit<RuleOptions, "issuer" | "conditions"> & { conditions: (string | undefined)[] }
>;

/** Everything we know of one provider of workload identity tokens. */
export interface Provider {
  /** As `admin trust add` and the database name it. */
  name: string;
  title: string;
  /** Where it runs, as the table in docs/federation.md says it. */
  workloads: string;
  /** Its page in docs/federation. */
  guide: string;
  /** Where the provider documents its claims. */
  documentation: string;
  /** Options of `admin trust add` for a typical rule. */
  example: string;

  /** The issuer of all customers; undefined if each installation or customer has its own. */
  issuer?: string;
  /** The issuer of the customer that `subject` names, where the subject says enough. */
  issuerOf?(subject: string): string | undefined;
  /** Issuers of a single customer: their rules need no claim that pins the customer. */
  singleCustomerIssuers?: RegExp;

  claims: readonly ClaimDescription[];
  /**
   * Claims one of which must be pinned to a customer, or a rule would trust every customer of the
   * provider. Empty if nothing is known of its claims.
   */
  ownerClaims: OwnerClaims;
  /** Claims that identify a run: copied into our access token until it is full, in this order. */
  runClaims: readonly string[];
  /** A workload gets one token and presents it each time it needs an access token. */
  reusesTokens?: true;

  subject: Subject;
  fields: RuleFields;
  /** How sentences name all workloads of the provider, and those of one subject. */
  phrases: { all: string; of(subject: string): string };
  /** How a job prints an identity token for this audience, to test a rule with. */
  printToken?(audience: string): string;
  /**
   * Conditions for `--workflow`, `--branch`, `--tag` and `--environment`; absent if no claim says
   * it.
   */
  workflow?(file: string): Condition[];
  branch?(name: string): Condition[];
  tag?(name: string): Condition[];
  environment?(name: string): Condition[];
  /**
   * The options of the narrowest rule for a workload with these claims: its ids, and what says which
   * of its runs this is. `claim` returns a claim with one value. Absent: its `sub`.
   */
  workloadOf?(claim: (name: string) => string | undefined): WorkloadOptions;
  /** Claims that the page accepts no condition on, each with the reason. */
  unsuitableClaims?: Readonly<Record<string, string>>;
  /** Risks of a rule that only this provider's claims have. */
  risks?(conditions: readonly Condition[]): RuleRisk[];
  /** What the job's file needs for a token with this audience; shown after a rule was added. */
  jobSetup?(audience: string): string;
}

import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Accepts findings of one AwsSolutions rule on `scope` and what lies in it, with the reason for whoever reviews it. */
export function acknowledge(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** Accepts a wildcard in a policy of `scope`; `finding` is `Resource::...` or `Action::...` as cdk-nag prints it. */
export function acknowledgeWildcard(scope: IConstruct, finding: string, reason: string): void {
  acknowledge(scope, `IAM5[${finding}]`, reason);
}

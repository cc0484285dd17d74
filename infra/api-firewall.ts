import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";
import { Construct } from "constructs";

/** AWS's own lists: what no web server should take, and what is known to be an attack. */
const MANAGED_RULES = ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"];

export interface ApiFirewallProps {
  readonly stageArn: string;
  /** In five minutes. */
  readonly requestsPerAddress: number;
}

/** The web-application firewall before the API: AWS's lists of attacks, and a limit for each address. */
export class ApiFirewall extends Construct {
  constructor(scope: Construct, id: string, { stageArn, requestsPerAddress }: ApiFirewallProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, "Acl", {
      scope: "REGIONAL",
      defaultAction: { allow: {} },
      visibilityConfig: visible("Firewall"),
      rules: [addressLimit(requestsPerAddress), ...MANAGED_RULES.map(managed)],
    });
    new CfnWebACLAssociation(this, "Association", { resourceArn: stageArn, webAclArn: acl.attrArn });
  }
}

function addressLimit(limit: number): CfnWebACL.RuleProperty {
  return {
    name: "AddressLimit",
    priority: 0,
    action: { block: {} },
    statement: { rateBasedStatement: { limit, aggregateKeyType: "IP" } },
    visibilityConfig: visible("AddressLimit"),
  };
}

function managed(name: string, place: number): CfnWebACL.RuleProperty {
  return {
    name,
    priority: place + 1,
    overrideAction: { none: {} },
    statement: { managedRuleGroupStatement: { vendorName: "AWS", name } },
    visibilityConfig: visible(name),
  };
}

/** Counted, but without samples of requests, whose paths hold the clinics' names of embryos. */
function visible(metricName: string) {
  return { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false, metricName };
}

import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import { Construct } from "constructs";

/** Per cent of the month's limit at which somebody is told: of what was spent, and of what the month will come to. */
const SPENT_PERCENT = 80;
const FORECAST_PERCENT = 100;

export interface BudgetProps {
  readonly stageName: string;
  readonly monthlyLimitUsd: number;
  readonly email: string;
}

/**
 * Says when the month gets too dear. It counts the whole account: a budget of one stage's tag would stay at zero until
 * somebody activates that tag for costs, which no deployment can do.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { stageName, monthlyLimitUsd, email }: BudgetProps) {
    super(scope, id);
    const tell = (notificationType: "ACTUAL" | "FORECASTED", threshold: number) => ({
      notification: { notificationType, threshold, comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" },
      subscribers: [{ subscriptionType: "EMAIL", address: email }],
    });
    new CfnBudget(this, "Budget", {
      budget: {
        budgetName: `blastograde-${stageName}`,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: monthlyLimitUsd, unit: "USD" },
      },
      notificationsWithSubscribers: [tell("ACTUAL", SPENT_PERCENT), tell("FORECASTED", FORECAST_PERCENT)],
    });
  }
}

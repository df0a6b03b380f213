import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { requireProperty } from "../shared/validation";

export interface CostGuardArgs {
  context: Context;
  /** US dollars a month, for all of the account. */
  monthlyBudget: number;
  /** Who gets a mail, straight from AWS Budgets: one to ten addresses. */
  emails: string[];
}

/** What is told: of what was spent, and of what AWS expects to be spent by the end of the month. */
const notifications = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "ACTUAL", threshold: 100 },
  { notificationType: "FORECASTED", threshold: 100 },
];

/** AWS Budgets takes no more for one notification. */
const mostEmails = 10;

/**
 * A budget that mails when the account's costs reach 80 % or 100 % of it, or will. Of the whole account: a budget of one stack
 * needs its tags activated for billing, and says nothing, without an error, until somebody has done so.
 */
export class CostGuard extends pulumi.ComponentResource {
  readonly budget: aws.budgets.Budget;

  constructor(
    name: string,
    { context, monthlyBudget, emails }: CostGuardArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:cost:CostGuard", name, {}, opts);
    requireProperty(
      monthlyBudget > 0,
      "monthlyBudget",
      monthlyBudget,
      "give US dollars a month, or 0 for no budget",
    );
    requireProperty(
      emails.length >= 1 && emails.length <= mostEmails,
      "monthlyBudget",
      monthlyBudget,
      `name 1 to ${mostEmails} addresses in slipway:emails (${emails.length} now): a budget mails to them`,
    );
    this.budget = new aws.budgets.Budget(
      `${name}-budget`,
      {
        name: `${context.project}-${context.stack}`,
        budgetType: "COST",
        limitAmount: monthlyBudget.toFixed(1), // as AWS gives it back
        limitUnit: "USD",
        timeUnit: "MONTHLY",
        notifications: notifications.map((notification) => ({
          ...notification,
          comparisonOperator: "GREATER_THAN",
          thresholdType: "PERCENTAGE",
          subscriberEmailAddresses: emails,
        })),
        tags: context.tags,
      },
      { parent: this },
    );
    this.registerOutputs({ budgetName: this.budget.name });
  }
}

import {
  type Budget,
  BudgetsClient,
  CreateBudgetCommand,
  DeleteBudgetCommand,
  DescribeBudgetCommand,
  DescribeNotificationsForBudgetCommand,
  DescribeSubscribersForNotificationCommand,
  ListTagsForResourceCommand,
  type Notification,
  type NotificationWithSubscribers,
  UpdateBudgetCommand,
} from "@aws-sdk/client-budgets";
import { type budgets } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, toTagList } from "../shared/tags";

type BudgetInputs = Inputs<budgets.BudgetArgs>;
type NotificationInputs = NonNullable<BudgetInputs["notifications"]>[number];

const accountOf = (arn: string) => arn.split(":")[4]!;

const toBudget = ({ name, budgetType, limitAmount, limitUnit, timeUnit }: BudgetInputs): Budget => ({
  ...{ BudgetName: name, BudgetType: budgetType as Budget["BudgetType"] },
  ...{ BudgetLimit: { Amount: limitAmount, Unit: limitUnit }, TimeUnit: timeUnit as Budget["TimeUnit"] },
});

const toNotification = (given: NotificationInputs): NotificationWithSubscribers => ({
  Notification: {
    NotificationType: given.notificationType as Notification["NotificationType"],
    ComparisonOperator: given.comparisonOperator as Notification["ComparisonOperator"],
    ...{ Threshold: given.threshold, ThresholdType: given.thresholdType as Notification["ThresholdType"] },
  },
  Subscribers: (given.subscriberEmailAddresses ?? []).map((Address) => ({
    SubscriptionType: "EMAIL",
    Address,
  })),
});

async function readNotifications(client: BudgetsClient, AccountId: string, BudgetName: string) {
  const of = { AccountId, BudgetName };
  const { Notifications = [] } = await client.send(new DescribeNotificationsForBudgetCommand(of));
  return Promise.all(
    Notifications.map(async (Notification) => {
      const { Subscribers = [] } = await client.send(
        new DescribeSubscribersForNotificationCommand({ ...of, Notification }),
      );
      return {
        notificationType: Notification.NotificationType,
        comparisonOperator: Notification.ComparisonOperator,
        ...{ threshold: Notification.Threshold, thresholdType: Notification.ThresholdType },
        subscriberEmailAddresses: Subscribers.map(({ Address }) => Address),
      };
    }),
  );
}

async function account(call: Call): Promise<string> {
  const { STSClient, GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  return (await call.client(STSClient).send(new GetCallerIdentityCommand({}))).Account!;
}

/** Costs by month, with mails; filters, actions and plans are not here. */
const budget = resource<budgets.BudgetArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 100 } },
    budgetType: { required: true },
    limitAmount: { required: true },
    limitUnit: { required: true },
    timeUnit: { required: true },
    notifications: { replaces: true, set: true }, // the real provider changes them one by one
    tags: {},
  },
  outputs: ["accountId"],
  async create(inputs, call) {
    const AccountId = await account(call);
    await call.client(BudgetsClient).send(
      new CreateBudgetCommand({
        AccountId,
        Budget: toBudget(inputs),
        NotificationsWithSubscribers: (inputs.notifications ?? []).map(toNotification),
        ResourceTags: toTagList(inputs.tagsAll),
      }),
    );
    return `${AccountId}:${inputs.name}`;
  },
  async read({ id }, call) {
    const client = call.client(BudgetsClient);
    const [AccountId = "", BudgetName = ""] = id.split(":");
    const { Budget } = await client.send(new DescribeBudgetCommand({ AccountId, BudgetName }));
    if (!Budget) return undefined;
    const arn = `arn:aws:budgets::${AccountId}:budget/${BudgetName}`;
    const { ResourceTags } = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }));
    return {
      ...{ name: BudgetName, arn, accountId: AccountId, budgetType: Budget.BudgetType },
      ...{ limitAmount: Budget.BudgetLimit?.Amount, limitUnit: Budget.BudgetLimit?.Unit },
      timeUnit: Budget.TimeUnit,
      notifications: await readNotifications(client, AccountId, BudgetName),
      tagsAll: fromTagList(ResourceTags),
    };
  },
  async update(now, call) {
    const NewBudget = toBudget(now);
    await call
      .client(BudgetsClient)
      .send(new UpdateBudgetCommand({ AccountId: accountOf(now.arn), NewBudget }));
  },
  async delete({ id }, call) {
    const [AccountId = "", BudgetName = ""] = id.split(":");
    await call.client(BudgetsClient).send(new DeleteBudgetCommand({ AccountId, BudgetName }));
  },
});

export const types: Record<string, AnyResourceType> = { "aws:budgets/budget:Budget": budget };

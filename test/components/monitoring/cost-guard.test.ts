import { expect } from "chai";
import { CostGuard } from "../../../components/monitoring/cost-guard";
import { context, declare, failure, only } from "../mocks";

const guard = (monthlyBudget: number, emails: string[]) => () =>
  declare(() => void new CostGuard("costs", { context, monthlyBudget, emails }));

describe("CostGuard", () => {
  it("declares a budget that mails at 80 %, at 100 %, and when AWS expects more", async () => {
    const budget = only(await guard(50, ["ann@example.com"])(), "Budget");
    expect(budget).to.deep.include({ name: "slipway-dev", limitAmount: "50.0", timeUnit: "MONTHLY" });
    const told = budget.notifications as Record<string, unknown>[];
    expect(told.map(({ notificationType, threshold }) => [notificationType, threshold])).to.deep.equal([
      ["ACTUAL", 80],
      ["ACTUAL", 100],
      ["FORECASTED", 100],
    ]);
    for (const { subscriberEmailAddresses } of told)
      expect(subscriberEmailAddresses).to.deep.equal(["ann@example.com"]);
  });

  it("wants somebody to mail to, and a budget above nothing", async () => {
    expect(await failure(guard(50, [])))
      .to.contain("monthlyBudget")
      .and.contain("slipway:emails (0 now)");
    expect(await failure(guard(-1, ["ann@example.com"])))
      .to.contain("-1")
      .and.contain("0 for no budget");
  });
});

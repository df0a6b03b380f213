import {
  CloudWatchClient,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  PutDashboardCommand,
} from "@aws-sdk/client-cloudwatch";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";

async function putDashboard(inputs: Inputs<cloudwatch.DashboardArgs>, call: Call): Promise<string> {
  const { dashboardName: DashboardName, dashboardBody: DashboardBody } = inputs;
  await call.client(CloudWatchClient).send(new PutDashboardCommand({ DashboardName, DashboardBody }));
  return DashboardName;
}

export const dashboard = resource<cloudwatch.DashboardArgs>({
  inputs: {
    dashboardName: { required: true, replaces: true },
    dashboardBody: { required: true, json: true },
  },
  outputs: ["dashboardArn"],
  create: putDashboard,
  async read({ id }, call) {
    const found = await call.client(CloudWatchClient).send(new GetDashboardCommand({ DashboardName: id }));
    return { dashboardName: id, dashboardBody: found.DashboardBody, dashboardArn: found.DashboardArn };
  },
  async update(now, call) {
    await putDashboard(now, call);
  },
  async delete({ id }, call) {
    await call.client(CloudWatchClient).send(new DeleteDashboardsCommand({ DashboardNames: [id] }));
  },
});

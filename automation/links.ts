import { type Outputs } from "./outputs";
import { type Target } from "./target";

/** Hosts of AWS's console, by family of regions. */
const consoles: Record<string, string> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

type Named = Pick<Outputs, "region" | "topicArn" | "endpointName"> & {
  /** Missing where an earlier version has brought up the stack. */
  monitoring?: Outputs["monitoring"];
};

/** Where there is more to see of a stack: pages of AWS's console; on the laptop, what it has instead. */
export function linksOf(
  stack: string,
  { region, topicArn, endpointName, monitoring }: Named,
  laptop: Target["laptop"],
): Record<string, string> {
  if (laptop) return { inbox: laptop.inboxUrl, logs: `npx slipway logs ${stack} --follow` };
  const host = consoles[topicArn.split(":")[1] ?? "aws"];
  const page = (service: string, place: string) =>
    `https://${region}.${host}/${service}/home?region=${region}#${place}`;
  const { dashboard, alarm, logGroups } = monitoring ?? {};
  return {
    ...(dashboard ? { dashboard: page("cloudwatch", `dashboards/dashboard/${dashboard}`) } : {}),
    ...(alarm ? { alarms: page("cloudwatch", `alarmsV2:alarm/${alarm}`) } : {}),
    endpoint: page("sagemaker", `/endpoints/${endpointName}`),
    ...(logGroups?.predict
      ? { logs: page("cloudwatch", `logsV2:log-groups/log-group/${inFragment(logGroups.predict)}`) }
      : {}),
  };
}

/** As the console has names in the fragments of its URLs: escaped twice, with a dollar for the percent sign. */
const inFragment = (name: string) => encodeURIComponent(encodeURIComponent(name)).replaceAll("%", "$");

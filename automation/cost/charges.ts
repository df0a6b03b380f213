import { hoursAMonth } from "./prices";

/** What AWS charges for a resource month by month, whether it is used or not. */
export interface Charge {
  /** For people, such as `2 x ml.t2.medium`. */
  what: string;
  /** A name of `list-prices.json`. */
  price: string;
  /** In the price's unit, a month. */
  quantity: number;
}

type Inputs = Record<string, unknown>;

interface Variant {
  instanceType?: string;
  initialInstanceCount?: number;
}

const always = (count = 1) => count * hoursAMonth;

/** By type of resource; what is not here costs nothing while it is not used. */
const charges: Record<string, (inputs: Inputs) => Charge[]> = {
  "aws:sagemaker/endpointConfiguration:EndpointConfiguration": ({
    productionVariants,
    shadowProductionVariants,
  }) =>
    [productionVariants, shadowProductionVariants]
      .flatMap((variants) => (variants ?? []) as Variant[])
      .flatMap(({ instanceType, initialInstanceCount: count = 1 }) =>
        instanceType
          ? [
              {
                what: `${count} x ${instanceType}`,
                price: `sagemaker.${instanceType}`,
                quantity: always(count),
              },
            ]
          : [],
      ),
  "aws:kms/key:Key": () => [{ what: "key", price: "kms.key", quantity: 1 }],
  "aws:cloudwatch/metricAlarm:MetricAlarm": ({ period, metricQueries }) => {
    const metrics = ((metricQueries ?? []) as { metric?: { period?: number } }[]).flatMap(
      ({ metric }) => metric ?? [],
    );
    const seconds = Math.min(
      ...[period as number | undefined, ...metrics.map((metric) => metric.period)].map((each) => each ?? 60),
    );
    const price = seconds < 60 ? "cloudwatch.alarm.high-resolution" : "cloudwatch.alarm";
    return [{ what: "alarm", price, quantity: Math.max(1, metrics.length) }];
  },
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": () => [
    { what: "composite alarm", price: "cloudwatch.alarm.composite", quantity: 1 },
  ],
  "aws:cloudwatch/dashboard:Dashboard": () => [
    { what: "dashboard", price: "cloudwatch.dashboard", quantity: 1 },
  ],
  "aws:kinesis/stream:Stream": ({ shardCount }) =>
    typeof shardCount === "number"
      ? [{ what: `${shardCount} shards`, price: "kinesis.shard", quantity: always(shardCount) }]
      : [{ what: "stream on demand", price: "kinesis.on-demand", quantity: always() }],
  "aws:rds/instance:Instance": (inputs) => {
    const { instanceClass, allocatedStorage, multiAz, manageMasterUserPassword } = inputs as {
      instanceClass: string;
      allocatedStorage?: number;
      multiAz?: boolean;
      manageMasterUserPassword?: boolean;
    };
    const copies = multiAz ? 2 : 1;
    const storage = (allocatedStorage ?? 0) * copies;
    return [
      { what: `${copies} x ${instanceClass}`, price: `rds.${instanceClass}`, quantity: always(copies) },
      { what: `${storage} GB`, price: "rds.storage", quantity: storage },
      ...(manageMasterUserPassword
        ? [{ what: "its password", price: "secretsmanager.secret", quantity: 1 }]
        : []),
    ];
  },
  "aws:secretsmanager/secret:Secret": () => [{ what: "secret", price: "secretsmanager.secret", quantity: 1 }],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ({ vpcEndpointType, subnetIds }) => {
    if (vpcEndpointType !== "Interface") return []; // gateways are free
    const zones = Array.isArray(subnetIds) ? Math.max(1, subnetIds.length) : 1;
    return [{ what: `endpoint in ${zones} zones`, price: "vpc.endpoint", quantity: always(zones) }];
  },
  "aws:ec2/natGateway:NatGateway": () => [
    { what: "NAT gateway", price: "vpc.nat-gateway", quantity: always() },
  ],
};

/** What a resource of this type, with these inputs, costs a month. */
export const chargesOf = (type: string, inputs: Inputs): Charge[] => charges[type]?.(inputs) ?? [];

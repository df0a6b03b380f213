import { type Declared } from "./mocks";

/** A block of a provider's schema, as `terraform providers schema -json` prints it. */
export interface Block {
  attributes?: Record<string, Attribute>;
  block_types?: Record<string, { block: Block }>;
}

interface Attribute {
  type?: string | unknown[];
  required?: boolean;
  nested_type?: { attributes: Record<string, Attribute> };
}

/** Terraform's names where they follow from Pulumi's by no rule: of modules, of types, of properties. */
const modules: Record<string, string> = { apigateway: "api_gateway", ec2: "", rds: "db" };
const types: Record<string, string> = {
  "aws:apigateway/response:Response": "aws_api_gateway_gateway_response",
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "aws_kinesis_firehose_delivery_stream",
  "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
};
const properties: Record<string, string> = {
  "aws:cloudwatch/metricAlarm:MetricAlarm.name": "alarm_name",
  "aws:lambda/function:Function.code": "filename",
  "aws:lambda/function:Function.name": "function_name",
};

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `aws_s3_bucket_policy` of `aws:s3/bucketPolicy:BucketPolicy`. */
export function terraformType(token: string): string {
  const [, module = "", name = ""] = /^aws:(\w+)\/(\w+):/.exec(token) ?? [];
  const of = modules[module] ?? module;
  return types[token] ?? ["aws", ...(of ? [of] : []), snake(name)].join("_");
}

/** An expression whose value Terraform does not know before it applies. */
const unknown = "${terraform_data.unknown.id}";

/** Resources as Terraform's JSON, and what of them the provider does not have. */
export class TerraformJson {
  readonly problems: string[] = [];
  readonly resource: Record<string, Record<string, unknown>> = { terraform_data: { unknown: {} } };
  private readonly made: string[];

  /**
   * @param schemas of the provider's resource types.
   * @param declared what the program declares; what AWS would make up of it is unknown.
   */
  constructor(
    private readonly schemas: Record<string, { block: Block }>,
    declared: Declared[],
  ) {
    this.made = declared.flatMap(({ name, inputs, state }) => [
      `${name}-id`,
      ...Object.entries(state).flatMap(([key, value]) =>
        key in inputs || typeof value !== "string" ? [] : [value],
      ),
    ]);
    for (const one of declared) this.add(one);
  }

  private add({ type, name, inputs }: Declared): void {
    const terraform = terraformType(type);
    const schema = this.schemas[terraform];
    if (!schema) {
      this.problems.push(`${type}: the provider has no ${terraform}`);
      return;
    }
    // Pulumi makes up a name where the program gives none.
    const made = schema.block.attributes?.name?.required ? { name } : {};
    this.resource[terraform] ??= {};
    this.resource[terraform][name] = { ...made, ...this.translate(inputs, schema.block, type) };
  }

  private translate(inputs: Record<string, unknown>, block: Block, path: string): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const [property, value] of Object.entries(inputs)) {
      if (value === undefined || value === null) continue;
      const name = properties[`${path}.${property}`] ?? nameIn(block, snake(property));
      if (name) found[name] = this.value(value, block, name, `${path}.${property}`);
      else this.problems.push(`${path} has no ${property}`);
    }
    return found;
  }

  private value(value: unknown, block: Block, name: string, path: string): unknown {
    const { type, nested_type: nested } = block.attributes?.[name] ?? {};
    const inner = block.block_types?.[name]?.block ?? (nested && { attributes: nested.attributes });
    const one = (each: unknown) =>
      inner && typeof each === "object" && each
        ? this.translate(each as Record<string, unknown>, inner, path)
        : this.plain(each);
    if (Array.isArray(value)) return value.map(one);
    if (type === "string" && typeof value === "object") return unknown; // an archive of files
    // Pulumi has a list of at most one as that one.
    return Array.isArray(type) && type[0] === "list" ? [one(value)] : one(value);
  }

  private plain(value: unknown): unknown {
    if (typeof value === "string") {
      const isMade = !value.startsWith("{") && this.made.some((made) => value.includes(made));
      return isMade ? unknown : value.replaceAll("${", "$${").replaceAll("%{", "%%{");
    }
    if (Array.isArray(value)) return value.map((each) => this.plain(each));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.plain(each)]));
  }
}

/** The name of a property in a block: Pulumi has lists in the plural, and other resources without `_id`. */
function nameIn({ attributes = {}, block_types: blocks = {} }: Block, name: string): string | undefined {
  const singular = name.replace(/ies$/, "y").replace(/s$/, "");
  return [name, singular, `${name}_id`, `${name}_name`, `${name}_arn`].find(
    (each) => each in attributes || each in blocks,
  );
}

import { type Input, type Output } from "@pulumi/pulumi/output";
import { CustomResource } from "@pulumi/pulumi/resource";

/** A resource of another provider, with the outputs that are named. */
export class Child extends CustomResource {
  readonly outputs: Record<string, Output<string>>;

  constructor(
    type: string,
    name: string,
    args: Record<string, Input<unknown>>,
    options: object,
    outputs: string[],
  ) {
    const properties = { ...Object.fromEntries(outputs.map((key) => [key, undefined])), ...args };
    super(type, name, properties, options);
    const resolved = this as unknown as Record<string, Output<string>>; // the SDK puts each property on the object
    this.outputs = Object.fromEntries(outputs.map((key) => [key, resolved[key]!]));
  }
}

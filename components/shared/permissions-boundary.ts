import * as pulumi from "@pulumi/pulumi";
import { requireProperty } from "./validation";

/**
 * Gives each IAM role of the stack this permissions boundary, an ARN: the most that it can do, whatever its policies say
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html). The roles of `terraform-bootstrap/`
 * may create no role without. `none` for no boundary. To be called before anything is declared.
 */
export function boundRoles(permissionsBoundary: string): void {
  if (permissionsBoundary === "none") return;
  requireProperty(
    /^arn:[a-z-]+:iam::\d{12}:policy\/.+$/.test(permissionsBoundary),
    "permissionsBoundary",
    permissionsBoundary,
    "give the ARN of a managed policy (terraform output workload_boundary_arn), or none",
  );
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    type === "aws:iam/role:Role" ? { props: { ...props, permissionsBoundary }, opts } : undefined,
  );
}

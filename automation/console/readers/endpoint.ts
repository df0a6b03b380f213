import { type SageMakerClient } from "@aws-sdk/client-sagemaker";
import { readDeployment } from "../../release/deployment";
import { describeEndpoint, modelsOf, readModel } from "../../release/serving";
import { type Endpoint, type Variant } from "../sections";
import { type World } from "../world";

/** The endpoint as SageMaker describes it, with each fleet behind it; null before the first release. */
export class EndpointReader {
  /** Releases by model, which does not change. */
  private readonly releases = new Map<string, string>();

  async read({ clients: { sagemaker, s3 }, outputs }: World): Promise<Endpoint | null> {
    const found = await describeEndpoint(sagemaker, outputs.endpointName);
    if (!found) return null;
    const pending = found.PendingDeploymentSummary;
    const fleets: [Variant["role"], string | undefined, Described[] | undefined][] = [
      ["in service", found.EndpointConfigName, found.ProductionVariants],
      ["taking over", pending?.EndpointConfigName, pending?.ProductionVariants],
      ["shadow", found.EndpointConfigName, found.ShadowProductionVariants],
    ];
    const variants = await Promise.all(
      fleets.map(async ([role, configuration, described = []]) => {
        if (!configuration || described.length === 0) return [];
        const releases = await this.releasesOf(sagemaker, configuration);
        return described.map((variant) => toVariant(role, variant, releases));
      }),
    );
    const deployment = await readDeployment(s3, outputs.dataBucket);
    return {
      name: outputs.endpointName,
      status: found.EndpointStatus ?? "unknown",
      failure: found.FailureReason ?? null,
      since: found.LastModifiedTime?.toISOString() ?? null,
      variants: withShares(variants.flat()),
      deployment: deployment
        ? {
            release: deployment.release.id,
            previous: deployment.previous?.id ?? null,
            startedAt: deployment.startedAt,
            failure: deployment.failure ?? null,
          }
        : null,
    };
  }

  /** The releases of an endpoint configuration's variants, by the variants' names. */
  private async releasesOf(client: SageMakerClient, configuration: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const [variant, model] of await modelsOf(client, configuration)) {
      const release = this.releases.get(model) ?? (await readModel(client, model)).release ?? "unknown";
      this.releases.set(model, release);
      found.set(variant, release);
    }
    return found;
  }
}

interface Described {
  VariantName?: string | undefined;
  CurrentWeight?: number | undefined;
  CurrentInstanceCount?: number | undefined;
  CurrentServerlessConfig?: object | undefined;
}

const toVariant = (role: Variant["role"], described: Described, releases: Map<string, string>): Variant => ({
  name: described.VariantName ?? "",
  release: releases.get(described.VariantName ?? "") ?? "unknown",
  role,
  share: null,
  instances: described.CurrentServerlessConfig ? null : (described.CurrentInstanceCount ?? null),
});

/** Where one fleet alone is there, all requests go to it; SageMaker does not say how a canary divides them. */
function withShares(variants: Variant[]): Variant[] {
  const live = variants.filter(({ role }) => role !== "shadow");
  return variants.map((variant) =>
    live.length === 1 && live[0] === variant ? { ...variant, share: 1 } : variant,
  );
}

import type { EndpointMetrics } from "../metrics";
import type { Foundation } from "../platform";
import type { ScalableTargetRecord, ScalingPolicyRecord } from "../records";
import { variantOf } from "./operations";

const lookEveryMs = 5_000;
const predefined = "SageMakerVariantInvocationsPerInstance";
/** AWS's own. */
const defaultCooldownSeconds = 300;

interface Endpoints {
  scale(name: string, properties: Record<string, { instanceCount: number }>): void;
}

/**
 * Brings variants to the number of instances that their target tracking policies want: enough for the requests of the
 * last minute, within the target's bounds, one step a cooldown.
 */
export class TargetTracking {
  private readonly timer = setInterval(() => this.look(), lookEveryMs);
  private readonly lastStep = new Map<string, number>();

  constructor(
    private readonly foundation: Pick<Foundation, "stores"> & { metrics: EndpointMetrics },
    private readonly endpoints: Endpoints,
  ) {
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { scalableTargets, scalingPolicies } = this.foundation.stores;
    for (const policy of scalingPolicies.values()) {
      const target = scalableTargets.values().find(({ ResourceId }) => ResourceId === policy.ResourceId);
      if (target) this.follow(policy, target);
    }
  }

  private follow(policy: ScalingPolicyRecord, target: ScalableTargetRecord): void {
    const tracking = policy.TargetTrackingScalingPolicyConfiguration;
    if (tracking?.PredefinedMetricSpecification?.PredefinedMetricType !== predefined) return;
    const { endpoint, variant } = variantOf(target);
    const record = this.foundation.stores.endpoints.get(endpoint);
    const deployed = record?.fleet?.variants.find((one) => one.variant.VariantName === variant);
    const current = deployed?.instanceCount;
    if (record?.EndpointStatus !== "InService" || current === undefined) return;
    const requests = this.foundation.metrics.lastMinute(endpoint, variant);
    const { MinCapacity = current, MaxCapacity = current, SuspendedState } = target;
    const enough = Math.ceil(requests / (tracking.TargetValue ?? Infinity));
    const wanted = Math.min(MaxCapacity, Math.max(MinCapacity, enough));
    const isOut = wanted > current;
    const { DynamicScalingOutSuspended, DynamicScalingInSuspended } = SuspendedState ?? {};
    const isSuspended = isOut
      ? DynamicScalingOutSuspended
      : DynamicScalingInSuspended || tracking.DisableScaleIn;
    const cooldown = (isOut ? tracking.ScaleOutCooldown : tracking.ScaleInCooldown) ?? defaultCooldownSeconds;
    const rested = Date.now() - (this.lastStep.get(policy.arn) ?? -Infinity) >= cooldown * 1000;
    if (wanted === current || isSuspended || !rested) return;
    this.lastStep.set(policy.arn, Date.now());
    console.log(
      `autoscaling: ${target.ResourceId} from ${current} to ${wanted} instances, ${requests} requests/min`,
    );
    this.endpoints.scale(endpoint, { [variant]: { instanceCount: wanted } });
  }
}

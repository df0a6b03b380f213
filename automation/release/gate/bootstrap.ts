import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { mean, probit, quantileSorted, sampleStandardDeviation } from "simple-statistics";

/** A mean with its confidence interval. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

const resamples = 10_000;
/** Beyond these the mean's distribution is normal for all that can be told, and resampling takes seconds. */
const mostResampledRows = 10_000;
const seed = 20_190_331;

/**
 * Confidence interval of the mean of `values`, by the bootstrap (percentile method; Efron and Tibshirani, An
 * Introduction to the Bootstrap, 1993, chapter 13). For differences of two models' losses on the same rows this is the
 * paired bootstrap. The same values give the same interval.
 * @param values at least one.
 * @param level such as 0.95.
 */
export function bootstrapMean(values: number[], level = 0.95): Interval {
  const center = mean(values);
  const tail = (1 - level) / 2;
  if (values.length > mostResampledRows) {
    const half = (probit(1 - tail) * sampleStandardDeviation(values)) / Math.sqrt(values.length);
    return { mean: center, low: center - half, high: center + half };
  }
  const means = Array.from(resampledMeans(values).sort());
  return { mean: center, low: quantileSorted(means, tail), high: quantileSorted(means, 1 - tail) };
}

function resampledMeans(values: number[]): Float64Array {
  const generator = xoroshiro128plus(seed);
  const draw = () => values[Math.floor(((generator.next() >>> 0) / 2 ** 32) * values.length)]!;
  const means = new Float64Array(resamples);
  for (let sample = 0; sample < resamples; sample++) {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += draw();
    means[sample] = sum / values.length;
  }
  return means;
}

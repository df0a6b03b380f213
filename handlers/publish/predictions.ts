import { type Prediction } from "../shared/events";
import { figure, percent, whole } from "./figures";

/** `7.12 USD (probably 5.90 to 8.80)`, or `setosa (98 %)`. */
export function inWords(prediction: Prediction, unit: string): string {
  if (!isClass(prediction)) {
    const { value, lower, upper } = prediction;
    return `${figure(value)} ${unit} (probably ${figure(lower)} to ${figure(upper)})`;
  }
  const probability = prediction.probabilities[prediction.value];
  return probability === undefined ? prediction.value : `${prediction.value} (${percent(probability)})`;
}

/** What many predictions say, as the end of a subject and as a sentence: between what they lie, or how many of each class. */
export function summary(predictions: Prediction[], unit: string): { subject: string; sentence: string } {
  const numbers = predictions.flatMap((prediction) => (isClass(prediction) ? [] : [prediction.value]));
  const classes = predictions.flatMap((prediction) => (isClass(prediction) ? [prediction.value] : []));
  // A digest holds the predictions of one release, so they are of one kind.
  if (classes.length > 0) return classSummary(classes);
  const [lowest, highest] = [Math.min(...numbers), Math.max(...numbers)].map(figure);
  const mean = figure(numbers.reduce((sum, value) => sum + value, 0) / numbers.length);
  return {
    subject: numbers.length === 1 ? `${lowest} ${unit}` : `${lowest} to ${highest} ${unit}`,
    sentence: `They range from ${lowest} to ${highest} ${unit}, ${mean} ${unit} on average.`,
  };
}

function classSummary(classes: string[]) {
  const counts = new Map<string, number>();
  for (const name of classes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const byCount = [...counts].sort(([a, one], [b, other]) => other - one || a.localeCompare(b));
  const listed = byCount.map(([name, count]) => `${whole(count)} ${name}`).join(", ");
  return { subject: classes.length === 1 ? classes[0]! : listed, sentence: `They are ${listed}.` };
}

type ClassPrediction = Extract<Prediction, { probabilities: Record<string, number> }>;

const isClass = (prediction: Prediction): prediction is ClassPrediction =>
  typeof prediction.value === "string";

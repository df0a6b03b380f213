import { type EventOf, type Prediction } from "../../shared/events";
import { counted, figure, moment, percent, record, whole } from "../figures";
import { type Places, type Template } from "../mail";

const shownPredictions = 3;

/** The digest of prediction results: how many, between what, the first few. */
export function predictionResults({ detail }: EventOf<"prediction.results">, { api }: Places): Template {
  const { target, unit, requests, release, link } = detail;
  const predictions = requests.flatMap((request) => request.predictions);
  const { subject, facts } = summary(predictions, unit);
  const listed = predictions.slice(0, shownPredictions).map((prediction) => inWords(prediction, unit));
  const calls = counted(new Set(requests.map((request) => request.requestId)).size, "request");
  const when: [string, string][] = [
    ["When", period(requests.map((request) => request.time))],
    ["Release", release],
  ];
  const more = link ?? (api === undefined ? undefined : `${api}/`);
  const rest = more === undefined ? [] : [`Ask for one yourself: ${more}`];
  if (predictions.length === 1) {
    return {
      subject: `A prediction of ${target}: ${subject}`,
      paragraphs: [`One prediction of ${target} was made:`, ...listed],
      facts: when,
      rest,
    };
  }
  const made = `${counted(predictions.length, "prediction")} of ${target}`;
  const first = predictions.length > listed.length ? `The first ${listed.length} of them:` : "They are:";
  return {
    subject: `${made}: ${subject}`,
    paragraphs: [`${made} were made in ${calls}.`],
    facts: [...facts, ...when],
    rest: [first, ...listed, ...rest],
  };
}

/** `7.12 USD (probably 5.90 to 8.80)`, or `setosa (98 %)`, and below it for which record. */
function inWords(prediction: Prediction, unit: string): string {
  return [`* ${valueOf(prediction, unit)}`, ...wrapped(record(prediction.input))].join("\n  ");
}

const lineCharacters = 76;

/** A list with commas in lines, so that it stays indented whoever shows it. */
function wrapped(list: string): string[] {
  const lines: string[] = [];
  for (const item of list.split(/(?<=,) /)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + item.length < lineCharacters)
      lines.push(`${lines.pop()} ${item}`);
    else lines.push(item);
  }
  return lines;
}

function valueOf(prediction: Prediction, unit: string): string {
  if (!isClass(prediction)) {
    const { value, lower, upper } = prediction;
    return `${figure(value)} ${unit} (probably ${figure(lower)} to ${figure(upper)})`;
  }
  const probability = prediction.probabilities[prediction.value];
  return probability === undefined ? prediction.value : `${prediction.value} (${percent(probability)})`;
}

/** What many predictions say, as the end of a subject and as facts: between what they lie, or how many of each class. */
function summary(predictions: Prediction[], unit: string): Required<Pick<Template, "subject" | "facts">> {
  const numbers = predictions.flatMap((prediction) => (isClass(prediction) ? [] : [prediction.value]));
  const classes = predictions.flatMap((prediction) => (isClass(prediction) ? [prediction.value] : []));
  // A digest holds the predictions of one release, so they are of one kind.
  if (classes.length > 0) return classSummary(classes);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const figures = [Math.min(...numbers), mean, Math.max(...numbers)].map(figure);
  const width = Math.max(...figures.map((text) => text.length));
  const [lowest, average, highest] = figures.map((text) => `${text.padStart(width)} ${unit}`) as [
    ...[string, string, string],
  ];
  return {
    subject: numbers.length === 1 ? lowest : `${figures[0]!} to ${figures[2]!} ${unit}`,
    facts: [
      ["Lowest", lowest],
      ["Average", average],
      ["Highest", highest],
    ],
  };
}

function classSummary(classes: string[]): Required<Pick<Template, "subject" | "facts">> {
  const counts = new Map<string, number>();
  for (const name of classes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const byCount = [...counts].sort(([a, one], [b, other]) => other - one || a.localeCompare(b));
  return {
    subject:
      classes.length === 1
        ? classes[0]!
        : byCount.map(([name, count]) => `${whole(count)} ${name}`).join(", "),
    facts: byCount.map(([name, count]) => [name, `${whole(count)} (${percent(count / classes.length)})`]),
  };
}

type ClassPrediction = Extract<Prediction, { probabilities: Record<string, number> }>;

const isClass = (prediction: Prediction): prediction is ClassPrediction =>
  typeof prediction.value === "string";

/** `...`, or `... to ...` when seconds lie between the first and the last of `times`. */
function period(times: string[]): string {
  const sorted = times.map(moment).sort();
  const [first = "", last = first] = [sorted[0], sorted.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}

import { useState } from "preact/hooks";
import { type StackSection } from "../sections";
import { figure } from "./words";

interface Prediction {
  value: number | string;
  lower?: number;
  upper?: number;
  probabilities?: Record<string, number>;
}

/** One request through the public URL, so that the pipeline can be seen at work. On the laptop alone. */
export function Ask({ stack }: { stack: StackSection }) {
  const [record, setRecord] = useState(stack.example ?? "");
  const [said, setSaid] = useState("");
  const [isBad, setBad] = useState(false);
  const ask = async () => {
    const answer = await fetch("/predict", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: record,
    }).catch(() => undefined);
    const body = (await answer?.json()) as { predictions?: Prediction[]; message?: string } | undefined;
    setBad(!answer?.ok);
    setSaid(
      body?.predictions ? answerText(body.predictions[0]!, stack.target) : (body?.message ?? "No answer."),
    );
  };
  return (
    <section class="card" id="ask" aria-labelledby="ask-title">
      <div class="head">
        <h2 id="ask-title">Ask for a prediction</h2>
        <span class="aside">
          <a href={stack.playgroundUrl} target="_blank" rel="noopener">
            the playground
          </a>
        </span>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label for="record">A record, as JSON</label>
        <textarea
          id="record"
          rows={record.split("\n").length}
          spellcheck={false}
          value={record}
          onInput={(event) => setRecord(event.currentTarget.value)}
        />
        <button type="submit">Ask the public URL</button>
        <output for="record" class={isBad ? "fault" : "said"}>
          {said}
        </output>
      </form>
    </section>
  );
}

function answerText(prediction: Prediction, { name, unit }: StackSection["target"]): string {
  const { value, lower, upper, probabilities } = prediction;
  if (typeof value === "string") {
    const share = probabilities?.[value];
    return `${name}: ${value}${share === undefined ? "" : `, with a probability of ${figure(share)}`}`;
  }
  const interval =
    lower === undefined || upper === undefined ? "" : `, between ${figure(lower)} and ${figure(upper)}`;
  return `${name}: ${figure(value)} ${unit}${interval}`;
}

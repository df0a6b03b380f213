import { fails, holds, type Rule, Skipped } from "./rule";

/** Rules about `train`. */
export const trainRules: Rule[] = [
  {
    id: "train",
    part: "train",
    title: "train ends with exit code 0",
    why: "SageMaker takes a training job with another exit code for failed, and throws its model away.",
    fix: "See the last words of train; exit with 0 when the model is in /opt/ml/model.",
    async check({ training, limits }) {
      const { code, seconds, lastWords } = await training.onGoodData();
      if (code === 0) return holds(`after ${seconds.toFixed(1)} s`);
      if (code === undefined)
        return fails(`train had not ended after ${limits.trainSeconds} s; ${lastWords}`);
      return fails(`exit code ${code} after ${seconds.toFixed(1)} s; ${lastWords}`);
    },
  },
  {
    id: "train-bad-data",
    part: "train",
    title: "train ends with another exit code when its data is rubbish",
    why: "With exit code 0 a job that learnt nothing counts as completed, and its model may be deployed.",
    fix: "Check the data, and end with an exit code from 1 to 255 when it cannot be used.",
    async check({ training, limits }) {
      const { code } = await training.onBadData();
      if (code === undefined) return fails(`train had not ended after ${limits.trainSeconds} s`);
      return code === 0 ? fails("exit code 0 on files of rubbish") : holds(`exit code ${code}`);
    },
  },
  {
    id: "failure-file",
    part: "train",
    title: "a failed train says why in /opt/ml/output/failure",
    why: "Its first 1,024 characters become FailureReason; without it people have to search the logs.",
    fix: "Catch errors at the top of train, and write the reason as text to /opt/ml/output/failure.",
    async check({ training }) {
      const { code, failure } = await training.onBadData();
      if (code === undefined || code === 0) throw new Skipped("train did not fail on rubbish");
      if (failure === undefined) return fails(`exit code ${code}, and no such file`);
      const text = failure.replace(/\s+/g, " ").trim();
      return text
        ? holds(`"${text.slice(0, 100)}${text.length > 100 ? "…" : ""}"`)
        : fails("the file is empty");
    },
  },
  {
    id: "train-sigterm",
    part: "train",
    title: "train ends in time after SIGTERM",
    why: "StopTrainingJob and spot interruptions send SIGTERM, wait 120 s and kill; what is not saved by then is lost.",
    fix: "Handle SIGTERM: save what there is and exit. Process 1 ignores signals that it does not handle.",
    async check({ training, limits }) {
      const seconds = await training.stopped();
      if (seconds !== undefined) return holds(`${seconds.toFixed(1)} s after it`);
      return fails(`still running ${limits.trainStopSeconds} s after it`);
    },
  },
];

import { readSchema } from "../project";
import { hoursAMonth, total, type Use } from "./prices";

const lookSeconds = 5;
const capturedBytes = 2000;
const daysAMonth = 30.4;
const hours = { minute: 1 / 60, hour: 1, day: 24 };
/** `Captured`, `Labels`, and the worst of the features' drift, that of the predictions, and the error. */
const metricsOfAll = 5;

/**
 * What watching the model costs (docs/model-monitoring.md); nothing where no requests are captured.
 * @param setting of the stack, by its name.
 * @param gb memory of the Lambda that looks.
 */
export function watching(setting: (name: string) => unknown, gb = 1): Use[] {
  const share = Number(setting("captureSharePercent"));
  if (share === 0) return [];
  const schedule = String(setting("monitorSchedule"));
  const days = Number(setting("captureDays"));
  const looks = looksAMonth(schedule);
  const looksADay = looks / daysAMonth;
  const fields = Object.values(readSchema(String(setting("problem"))).properties);
  const metrics = metricsOfAll + fields.filter((field) => field["x-role"] === "feature").length;
  return [
    {
      per: "month in which the model is watched",
      dollars: total(1, [
        ["lambda.request", looks],
        ["lambda.arm", looks * gb * lookSeconds],
        ["cloudwatch.request", looks],
        ["cloudwatch.metric", metrics],
      ]),
      assuming: `${Math.round(looks)} looks (${schedule}${isRate(schedule) ? "" : ", counted as one an hour"}), ${lookSeconds} s of a Lambda with ${gb} GB each; ${metrics} metrics`,
    },
    {
      per: "1,000 predictions in what is captured of them",
      dollars: total(1000 * (share / 100), [
        ["s3.put", 1],
        ["s3.get", looksADay],
        ["s3.storage", (capturedBytes / 1e9) * (days / daysAMonth)],
      ]),
      assuming:
        `${share} % of the requests, ${capturedBytes / 1000} KB each, kept for ${days} days; at worst each is an object of its own, ` +
        `which all looks of a day read: ${Math.round(looksADay)}`,
    },
  ];
}

const isRate = (schedule: string) => schedule.startsWith("rate(");

/** Of `rate(15 minutes)`; when a `cron(...)` runs is left to AWS, and counted as once an hour. */
function looksAMonth(schedule: string): number {
  const [, count = "1", unit = "hour"] = /^rate\((\d+) (minute|hour|day)/.exec(schedule) ?? [];
  return hoursAMonth / (Number(count) * hours[unit as keyof typeof hours]);
}

import { hoursAMonth } from "./prices";

const hoursOf: Record<string, number> = { minute: 1 / 60, hour: 1, day: 24 };
const weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** How often a month, on average, a schedule of EventBridge runs: `rate(1 hour)`, or `cron(...)` in whichever year. */
export function runsAMonth(expression: string): number {
  const [kind, said = ""] = expression.replace(")", "").split("(");
  const fields = said.split(" ");
  if (kind === "rate") return hoursAMonth / (Number(fields[0]) * hoursOf[fields[1]!.replace(/s$/, "")]!);
  const [minutes = "", hours = "", days = "", months = "", weekdays = ""] = fields;
  const daysAMonth = hoursAMonth / 24;
  const isWeekly = !isAny(weekdays);
  const share = isWeekly ? timesOf(weekdays, 1, 7) / 7 : isAny(days) ? 1 : timesOf(days, 1, 31) / daysAMonth;
  const runsADay = timesOf(minutes, 0, 59) * timesOf(hours, 0, 23);
  return runsADay * daysAMonth * share * (timesOf(months, 1, 12) / 12);
}

const isAny = (field: string) => field === "*" || field === "?";

/** How many of the values from `least` to `most` a field of a cron expression names: `*`, `1,15`, `9-17`, `MON-FRI`, `0/10`, `L`. */
function timesOf(field: string, least: number, most: number): number {
  const times = field.split(",").map((part) => {
    const [range = "", step] = part.replace(/[A-Z]{3}/g, numberOf).split("/");
    const [from = "", to] = (isAny(range) ? `${least}-${most}` : range).split("-");
    const end = Number(to ?? (step ? most : from));
    const span = (end - Number(from) + (most - least + 1)) % (most - least + 1);
    return Number.isNaN(span) ? 1 : Math.floor(span / Number(step ?? 1)) + 1;
  });
  return times.reduce((sum, one) => sum + one, 0);
}

/** `2` of `MON`, and of `FEB`. */
const numberOf = (name: string) => String(Math.max(weekdayNames.indexOf(name), monthNames.indexOf(name)) + 1);

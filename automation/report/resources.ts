import { code, table } from "../markdown";

/** So many resources are shown at once; the others are behind a click. */
const shownAtOnce = 15;

/** Resources with what would become of them, as `preview` names them: `update aws:sqs/queue:Queue results-queue`. */
export function resourceTable(resources: string[]): string {
  const rows = resources.map((resource) => {
    const [operation = "", type = "", ...name] = resource.split(" ");
    return [operation, code(name.join(" ")), code(type)];
  });
  const all = table(["", "resource", "type"], rows);
  return rows.length > shownAtOnce
    ? `<details><summary>${rows.length} resources</summary>\n\n${all}\n\n</details>`
    : all;
}

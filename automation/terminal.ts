import pc from "picocolors";

/** Columns of a terminal; 80 where it does not say. */
export const columnsOf = ({ columns }: { columns?: number }): number => columns || 80;

/** Whether what is written to the terminal may go beyond ASCII: as its locale says. */
export const isUnicode = ({ LC_ALL, LC_CTYPE, LANG } = process.env): boolean =>
  /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");

/** A bar of `width` characters, of which `share` (0 to 1) is filled; it is full only when `share` is 1. */
export function bar(share: number, width: number, unicode = isUnicode()): string {
  const filled = share < 1 ? Math.min(width - 1, Math.round(share * width)) : width;
  const [full, rest] = unicode ? ["█", "░"] : ["#", "-"];
  return pc.cyan(full.repeat(filled)) + pc.dim(rest.repeat(width - filled));
}

/** Columns of the terminal that the answer is shown in; undefined when it is none, as where it goes into a file. */
export const answerColumns = (): number | undefined =>
  process.stdout.isTTY ? columnsOf(process.stdout) : undefined;

import { type JudgedRow } from "../rows";
import { type Report } from "./report";

export function page(report: Report, _rows: JudgedRow[]): string {
  return JSON.stringify(report);
}

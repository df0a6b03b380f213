import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { projectName, stackFile } from "../stack-config";
import { type Outcome } from "../github/settings";
import { type Bootstrapped } from "./terraform";

/** Writes what a stack must know of the account into `Pulumi.<stack>.yaml`. */
export function writeStackFile(stack: string, made: Bootstrapped): Outcome {
  const file = stackFile(stack);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const after = bootstrapped(before, made, projectName());
  if (after === before) return "unchanged";
  writeFileSync(file, after);
  return before ? "updated" : "created";
}

/** The text of a stack's file with what the account adds to it; all else stays, comments too. */
export function bootstrapped(text: string, made: Bootstrapped, project: string): string {
  const document = parseDocument(text || "config: {}\n");
  const wanted: [string[], string][] = [
    [["secretsprovider"], made.secrets_provider],
    [["config", "aws:region"], made.region],
    [["config", `${project}:permissionsBoundary`], made.workload_boundary_arn],
  ];
  const changes = wanted.filter(([path, value]) => document.getIn(path) !== value);
  if (changes.length === 0) return text;
  if (document.get("secretsprovider") !== made.secrets_provider) document.delete("encryptedkey"); // another key's
  for (const [path, value] of changes) document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

/** A statement of an IAM policy. */
export interface Statement {
  Effect?: string;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Principal?: string | Record<string, string | string[]>;
  Condition?: object;
}

/** The statements of a policy document that allow something. The SDKs take a document as a text or as an object. */
export function allowing(document: unknown): Statement[] {
  if (document === undefined || document === "") return [];
  const { Statement } = (typeof document === "string" ? JSON.parse(document) : document) as {
    Statement?: Statement | Statement[];
  };
  return list(Statement).filter(({ Effect }) => Effect === "Allow");
}

/** One or many, as a list. */
export const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** How a statement stands. */
export interface Statement {
  status: "running" | "finished" | "failed" | "aborted";
  error?: string;
}

/** The Redshift Data API, with one workgroup or cluster, database and login. */
export interface Warehouse {
  /** Begins a statement; asking again with the same token is the same statement. @returns its id. */
  execute(sql: string, token: string): Promise<string>;
  /** Undefined when Redshift has forgotten it: it keeps statements for a day. */
  describe(id: string): Promise<Statement | undefined>;
  /** Of a finished query: its columns, and the first row as texts. */
  result(id: string): Promise<{ columns: string[]; first: (string | undefined)[] }>;
}

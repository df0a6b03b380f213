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
  /** The first row of a finished query, as texts. */
  firstRow(id: string): Promise<(string | undefined)[]>;
}

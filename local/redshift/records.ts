import type { SqlParameter, StatusString } from "@aws-sdk/client-redshift-data";
import type {
  CreateNamespaceRequest,
  CreateWorkgroupRequest,
  UsageLimit,
} from "@aws-sdk/client-redshift-serverless";
import { join } from "node:path";
import { Store } from "../sagemaker/store";

// What is kept of each resource, under the names that the API answers. Times of Redshift Serverless are ISO 8601 texts
// on the wire, those of the Data API seconds since 1970.

export type Tags = { key: string; value: string }[];

export interface NamespaceRecord extends Omit<CreateNamespaceRequest, "tags"> {
  namespaceName: string;
  namespaceId: string;
  namespaceArn: string;
  status: "AVAILABLE";
  creationDate: string;
  dbName: string;
  adminUsername: string;
  iamRoles: string[];
  adminPasswordSecretArn?: string;
  tags: Tags;
}

export interface WorkgroupRecord extends Omit<CreateWorkgroupRequest, "tags"> {
  workgroupName: string;
  namespaceName: string;
  workgroupId: string;
  workgroupArn: string;
  status: "AVAILABLE";
  creationDate: string;
  baseCapacity: number;
  tags: Tags;
}

export interface UsageLimitRecord extends UsageLimit {
  usageLimitId: string;
  resourceArn: string;
}

/** One SQL text of a statement, and what became of it. */
export interface SubStatement {
  Id: string;
  QueryString: string;
  Status: StatusString;
  HasResultSet: boolean;
  ResultRows: number;
  ResultSize: number;
  /** Nanoseconds. */
  Duration: number;
  Error?: string;
}

export interface StatementRecord extends SubStatement {
  CreatedAt: number;
  UpdatedAt: number;
  WorkgroupName: string;
  Database: string;
  namespaceId: string;
  RedshiftPid: number;
  RedshiftQueryId: number;
  SecretArn?: string;
  StatementName?: string;
  QueryParameters?: SqlParameter[];
  ClientToken?: string;
  /** Of BatchExecuteStatement. */
  SubStatements?: SubStatement[];
}

/** All that this server remembers, below `<home>/redshift/state`. */
export class Stores {
  readonly namespaces: Store<NamespaceRecord>;
  readonly workgroups: Store<WorkgroupRecord>;
  readonly usageLimits: Store<UsageLimitRecord>;
  readonly statements: Store<StatementRecord>;

  constructor(home: string) {
    const folder = (name: string) => join(home, "redshift", "state", name);
    this.namespaces = new Store(folder("namespaces"));
    this.workgroups = new Store(folder("workgroups"));
    this.usageLimits = new Store(folder("usage-limits"));
    this.statements = new Store(folder("statements"));
  }
}

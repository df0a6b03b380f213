import type {
  BatchExecuteStatementInput,
  CancelStatementRequest,
  DescribeStatementRequest,
  ExecuteStatementInput,
  GetStatementResultRequest,
  ListStatementsRequest,
} from "@aws-sdk/client-redshift-data";
import { randomUUID } from "node:crypto";
import { readPage } from "../engine/results";
import { anyResource, type Need, notFound, operation, type Platform, validationException } from "../platform";
import type { StatementRecord, WorkgroupRecord } from "../records";
import { isFinal } from "../statements";
import { pageOf } from "./pages";

type Target = Pick<ExecuteStatementInput, "WorkgroupName" | "ClusterIdentifier" | "Database" | "SecretArn">;

/** The workgroup by name or ARN. @throws AwsError in AWS's words. */
function targetOf({ WorkgroupName: named = "", ClusterIdentifier }: Target, { stores }: Platform) {
  if (ClusterIdentifier)
    throw validationException(
      `Redshift endpoint doesn't exist in this region: the laptop target has no clusters (${ClusterIdentifier}), only Redshift Serverless.`,
    );
  const found = stores.workgroups
    .values()
    .find(({ workgroupName, workgroupArn }) => [workgroupName, workgroupArn].includes(named));
  if (!found) throw validationException("Redshift endpoint doesn't exist in this region.");
  return found;
}

const ofTarget = {
  resource: (input: Target, platform: Platform) => targetOf(input, platform).workgroupArn,
  /** How the caller logs in: with a secret, else with temporary credentials. */
  needs: (input: Target, platform: Platform): Need[] => [
    input.SecretArn
      ? { action: "secretsmanager:GetSecretValue", resource: input.SecretArn }
      : {
          action: "redshift-serverless:GetCredentials",
          resource: targetOf(input, platform).workgroupArn,
        },
  ],
};

/** @throws AwsError when the secret is not the login of the namespace, or there is no such database. */
async function logIn(
  platform: Platform,
  { namespaceName }: WorkgroupRecord,
  target: Target,
): Promise<string> {
  const namespace = platform.stores.namespaces.get(namespaceName);
  if (!namespace) throw validationException("Redshift endpoint doesn't exist in this region.");
  const fatal = (text: string) => validationException(`FATAL: ${text}`);
  const { adminUsername, adminUserPassword, adminPasswordSecretArn, dbName } = namespace;
  const { Database = dbName, SecretArn } = target;
  if (SecretArn) {
    const { username, password } = await platform.secrets.login(SecretArn);
    const expected = adminPasswordSecretArn
      ? (await platform.secrets.login(adminPasswordSecretArn)).password
      : adminUserPassword;
    if (username !== adminUsername || !password || password !== expected)
      throw fatal(`password authentication failed for user "${username}"`);
  }
  if (Database !== dbName) throw fatal(`database "${Database}" does not exist`);
  return namespace.namespaceId;
}

async function begin(
  platform: Platform,
  input: ExecuteStatementInput | BatchExecuteStatementInput,
  queries: string[],
): Promise<object> {
  const { stores, statements } = platform;
  const workgroup = targetOf(input, platform);
  const { ClientToken, StatementName, SecretArn, Parameters } = input;
  const same = stores.statements.values().find((one) => ClientToken && one.ClientToken === ClientToken);
  if (same) return started(platform, same);
  const namespaceId = await logIn(platform, workgroup, input);
  const now = Date.now() / 1000;
  const fresh = {
    HasResultSet: false,
    ResultRows: -1,
    ResultSize: -1,
    Duration: -1,
    Status: "SUBMITTED" as const,
  };
  const Id = randomUUID();
  const record: StatementRecord = {
    ...fresh,
    ...{ Id, QueryString: queries.join("; "), CreatedAt: now, UpdatedAt: now, namespaceId },
    ...{
      WorkgroupName: workgroup.workgroupName,
      Database: input.Database ?? "dev",
      SecretArn,
      StatementName,
    },
    ...{ RedshiftPid: process.pid, RedshiftQueryId: stores.statements.values().length + 1 },
    ...{ QueryParameters: Parameters, ClientToken },
    ...("Sqls" in input
      ? {
          SubStatements: queries.map((QueryString, at) => ({ ...fresh, Id: `${Id}:${at + 1}`, QueryString })),
        }
      : {}),
  };
  statements.submit(record);
  await statements.settled(Id, ("WaitTimeSeconds" in input && input.WaitTimeSeconds) || 0);
  return started(platform, stores.statements.get(Id) ?? record);
}

const started = ({ models }: Platform, record: StatementRecord) =>
  models.data.pick("ExecuteStatementOutput", record);

const execute = operation<ExecuteStatementInput>({
  ...ofTarget,
  run: (input, platform) => begin(platform, input, [input.Sql ?? ""]),
});

const batch = operation<BatchExecuteStatementInput>({
  ...ofTarget,
  run: (input, platform) => begin(platform, input, input.Sqls ?? []),
});

function find({ stores }: Platform, id = ""): Readonly<StatementRecord> {
  const found = stores.statements.get(id.split(":")[0] ?? "");
  if (!found) throw notFound("Query does not exist.");
  return found;
}

const describe = operation<DescribeStatementRequest>({
  resource: anyResource,
  async run({ Id, WaitTimeSeconds = 0 }, platform) {
    const { Id: found } = find(platform, Id);
    await platform.statements.settled(found, WaitTimeSeconds);
    const record = find(platform, Id);
    return {
      ...platform.models.data.pick("DescribeStatementResponse", record),
      ...(record.SubStatements ? { SubStatements: record.SubStatements } : {}),
    };
  },
});

const result = operation<GetStatementResultRequest>({
  resource: anyResource,
  async run({ Id = "", NextToken = "0" }, platform) {
    const record = find(platform, Id);
    if (!isFinal(record)) throw notFound("Query is not finished yet.");
    if (record.Status !== "FINISHED") throw notFound(`Query is ${record.Status}: ${record.Error}`);
    const page = /^\d+$/.test(NextToken)
      ? await readPage(platform.statements.resultFile(Id), Number(NextToken))
      : undefined;
    if (!page)
      throw notFound("Query does not have result. Please check query status with DescribeStatement.");
    return {
      ...{ Records: page.records, ColumnMetadata: page.columns, TotalNumRows: record.ResultRows },
      ...(page.more ? { NextToken: `${Number(NextToken) + 1}` } : {}),
    };
  },
});

const cancel = operation<CancelStatementRequest>({
  resource: anyResource,
  run({ Id }, platform) {
    const record = find(platform, Id);
    if (!platform.statements.cancel(record.Id))
      throw validationException(`Could not cancel a query that is already in ${record.Status} state.`);
    return { Status: true };
  },
});

const list = operation<ListStatementsRequest>({
  resource: anyResource,
  run({ Status, StatementName, MaxResults, NextToken }, { stores, models }) {
    const wanted = stores.statements
      .values()
      .filter((one) => !Status || Status === "ALL" || one.Status === Status)
      .filter((one) => !StatementName || one.StatementName?.startsWith(StatementName))
      .sort((a, b) => b.CreatedAt - a.CreatedAt);
    const { page, nextToken } = pageOf(wanted, { maxResults: MaxResults, nextToken: NextToken });
    const Statements = page.map((one) => ({
      ...models.data.pick("StatementData", one),
      IsBatchStatement: one.SubStatements !== undefined,
    }));
    return { Statements, NextToken: nextToken };
  },
});

export const statementOperations = {
  ExecuteStatement: execute,
  BatchExecuteStatement: batch,
  DescribeStatement: describe,
  GetStatementResult: result,
  CancelStatement: cancel,
  ListStatements: list,
};

import { CreateRoleCommand, GetRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementCommandOutput,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type Field,
  GetStatementResultCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import {
  CreateNamespaceCommand,
  CreateWorkgroupCommand,
  type Namespace,
  RedshiftServerlessClient,
  type Workgroup,
} from "@aws-sdk/client-redshift-serverless";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { type Laptop, startLaptop } from "../laptop";

export const Bucket = "unloads";

/** A local Redshift with one namespace and workgroup, whose role may write to `incoming/` of a bucket. */
export class Target {
  namespace!: Namespace;
  workgroup!: Workgroup;
  roleArn!: string;
  data!: RedshiftDataClient;
  serverless!: RedshiftServerlessClient;
  s3!: S3Client;
  iam!: IAMClient;

  private constructor(readonly laptop: Laptop) {}

  static async start(): Promise<Target> {
    const target = new Target(await startLaptop("cloud", "redshift"));
    const config = (service: string) => clientConfig(target.laptop.state, service);
    target.data = new RedshiftDataClient(config("redshift-data"));
    target.serverless = new RedshiftServerlessClient(config("redshift-serverless"));
    target.s3 = new S3Client(config("s3"));
    target.iam = new IAMClient(config("iam"));
    await target.s3.send(new CreateBucketCommand({ Bucket }));
    target.roleArn = await target.role("unload", "redshift.amazonaws.com", [
      { Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}` },
      { Action: ["s3:PutObject", "s3:GetObject"], Resource: `arn:aws:s3:::${Bucket}/incoming/*` },
    ]);
    const { namespace } = await target.serverless.send(
      new CreateNamespaceCommand({
        ...{ namespaceName: "warehouse", dbName: "taxis", iamRoles: [target.roleArn] },
        ...{ manageAdminPassword: true, tags: [{ key: "Stack", value: "test" }] },
      }),
    );
    const { workgroup } = await target.serverless.send(
      new CreateWorkgroupCommand({ workgroupName: "trips", namespaceName: "warehouse", baseCapacity: 8 }),
    );
    [target.namespace, target.workgroup] = [namespace!, workgroup!];
    return target;
  }

  /** A role that a service may assume, with these statements. @returns its ARN. */
  async role(RoleName: string, service: string, statements: object[]): Promise<string> {
    const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
    const AssumeRolePolicyDocument = document({
      ...{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" },
    });
    await this.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = document(...statements.map((one) => ({ Effect: "Allow", ...one })));
    if (statements.length > 0)
      await this.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument }));
    return (await this.iam.send(new GetRoleCommand({ RoleName }))).Role!.Arn!;
  }

  /** A Data API client with a role's permissions. */
  async as(RoleArn: string): Promise<RedshiftDataClient> {
    const sts = new STSClient(clientConfig(this.laptop.state));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test" }));
    return new RedshiftDataClient({
      ...clientConfig(this.laptop.state, "redshift-data"),
      credentials: {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      },
    });
  }

  async start(
    Sql: string,
    more: Partial<ExecuteStatementCommandInput> = {},
    client = this.data,
  ): Promise<string> {
    const input = { Sql, WorkgroupName: "trips", Database: "taxis", ...more };
    return (await client.send(new ExecuteStatementCommand(input))).Id!;
  }

  async ended(Id: string): Promise<DescribeStatementCommandOutput> {
    for (;;) {
      const found = await this.data.send(new DescribeStatementCommand({ Id }));
      if (["FINISHED", "FAILED", "ABORTED"].includes(found.Status ?? "")) return found;
      await sleep(20);
    }
  }

  run = async (sql: string, more?: Partial<ExecuteStatementCommandInput>) =>
    this.ended(await this.start(sql, more));

  /** All rows of a query. @throws Error with the statement's. */
  async rows(sql: string, more?: Partial<ExecuteStatementCommandInput>): Promise<Field[][]> {
    const { Id, Error: problem } = await this.run(sql, more);
    if (problem) throw new Error(problem);
    const rows: Field[][] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.data.send(new GetStatementResultCommand({ Id, NextToken }));
      rows.push(...(page.Records ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return rows;
  }

  cancel = (Id: string) => this.data.send(new CancelStatementCommand({ Id }));

  async keys(Prefix: string): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return Contents.map(({ Key = "" }) => Key);
  }

  async read(Key: string): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  stop = () => this.laptop.stop();
}

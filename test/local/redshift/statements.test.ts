import { BatchExecuteStatementCommand, GetStatementResultCommand } from "@aws-sdk/client-redshift-data";
import { GetNamespaceCommand } from "@aws-sdk/client-redshift-serverless";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect } from "chai";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { clientConfig, clientEnvironment } from "../../../local/state";
import { venvPython } from "../../../local/supervisor/services";
import { killServer } from "../cloud/kill";
import { failure } from "../laptop";
import { Target } from "./target";

describe("Redshift Data API of the laptop", function () {
  this.timeout(30_000);
  let target: Target;
  before(async () => (target = await Target.start()));
  after(() => target?.stop());

  it("runs a statement and answers typed rows", async () => {
    await target.run("create table fares (id int, fare decimal(8,2))");
    await target.run("insert into fares values (1, 12.50), (2, null)");
    const { Id, HasResultSet, ResultRows } = await target.run(
      "select id, fare, fare::float8 as f, id = 1 as one, timestamp '2019-03-23 20:21:09' as at from fares order by id",
    );
    expect({ HasResultSet, ResultRows }).to.eql({ HasResultSet: true, ResultRows: 2 });
    const { Records, ColumnMetadata } = await target.data.send(new GetStatementResultCommand({ Id }));
    expect(Records).to.eql([
      [
        { longValue: 1 },
        { stringValue: "12.50" },
        { doubleValue: 12.5 },
        { booleanValue: true },
        { stringValue: "2019-03-23 20:21:09" },
      ],
      [
        { longValue: 2 },
        { isNull: true },
        { isNull: true },
        { booleanValue: false },
        { stringValue: "2019-03-23 20:21:09" },
      ],
    ]);
    expect(ColumnMetadata?.map(({ typeName }) => typeName)).to.eql([
      "int4",
      "numeric",
      "float8",
      "bool",
      "timestamp",
    ]);
  });

  it("understands Redshift's own words", async () => {
    const made = await target.run(
      "create table placed (id int encode az64 distkey, note varchar(max)) diststyle key compound sortkey (id)",
    );
    expect(made.Error).to.equal(undefined);
    await target.run("insert into placed values (1, 'a distkey: nvl(')");
    const [row] = await target.rows("select nvl(note, ''), getdate() > timestamp '2020-01-01' from placed");
    expect(row).to.eql([{ stringValue: "a distkey: nvl(" }, { booleanValue: true }]);
  });

  it("puts parameters in as values, never as SQL", async () => {
    const Parameters = [{ name: "text", value: "it's; drop table x" }];
    const [row] = await target.rows("select :text as said, '9:text' as kept", { Parameters });
    expect(row).to.eql([{ stringValue: "it's; drop table x" }, { stringValue: "9:text" }]);
  });

  it("answers large results in pages", async () => {
    const rows = await target.rows("select i from generate_series(1, 2500) as t(i) order by i");
    expect(rows).to.have.length(2500);
    expect(rows[2499]).to.eql([{ longValue: 2500 }]);
  });

  it("runs the same client token once", async () => {
    await target.run("create table counted (n int)");
    const once = { ClientToken: "insert-1" };
    const first = await target.start("insert into counted values (1)", once);
    expect(await target.start("insert into counted values (1)", once)).to.equal(first);
    await target.ended(first);
    expect(await target.rows("select count(*) from counted")).to.eql([[{ longValue: 1 }]]);
  });

  it("says what is wrong with a statement as Redshift does", async () => {
    const of = async (sql: string) => (await target.run(sql)).Error;
    expect(await of("select * from nowhere")).to.equal('ERROR: relation "nowhere" does not exist');
    expect(await of("select missing from fares")).to.equal('ERROR: column "missing" does not exist');
    expect(await of("selec 1")).to.equal('ERROR: syntax error at or near "selec"');
    expect(await of("unload ('select 1') to 's3://unloads/incoming/x/' iam_role default sometimes")).to.equal(
      'ERROR: syntax error at or near "sometimes"',
    );
  });

  it("keeps statements away from this machine's files", async () => {
    for (const sql of [
      "select * from read_text('/etc/passwd')",
      "attach '/tmp/other.db' as other",
      "set enable_external_access = true",
    ])
      expect((await target.run(sql)).Status, sql).to.equal("FAILED");
  });

  it("undoes a batch of which one statement fails", async () => {
    const Sqls = ["insert into counted values (2)", "insert into nowhere values (1)"];
    const input = { Sqls, WorkgroupName: "trips", Database: "taxis" };
    const { Id } = await target.data.send(new BatchExecuteStatementCommand(input));
    expect((await target.ended(Id!)).Status).to.equal("FAILED");
    expect(await target.rows("select count(*) from counted")).to.eql([[{ longValue: 1 }]]);
  });

  it("aborts a statement that is cancelled", async () => {
    const id = await target.start(
      "select sum(a.i * b.i) from generate_series(1, 1000000) a(i), generate_series(1, 1000000) b(i)",
    );
    await target.cancel(id);
    expect(await target.ended(id)).to.include({ Status: "ABORTED" });
  });

  it("knows no other workgroup and no other database", async () => {
    const lost = await failure(target.start("select 1", { WorkgroupName: "gone" }));
    expect(lost).to.include({ name: "ValidationException" });
    expect(lost.message).to.contain("Redshift endpoint doesn't exist in this region");
    const other = await failure(target.start("select 1", { Database: "other" }));
    expect(other.message).to.equal('FATAL: database "other" does not exist');
  });

  it("answers boto3", async () => {
    const { state } = target.laptop;
    const env = { ...clientEnvironment(state), PATH: process.env.PATH };
    const script = join(__dirname, "boto3_client.py");
    const { stdout } = await promisify(execFile)(venvPython, [script, state.redshiftUrl], { env });
    expect(JSON.parse(stdout)).to.eql({
      rows: [
        [1, "12.50"],
        [2, "7.00"],
      ],
      error: 'ERROR: relation "nowhere" does not exist',
      ...{ missing: "ParamValidationError", twice: "ConflictException", created: true },
    });
  });

  describe("logs in", () => {
    it("by the secret that Redshift manages", async () => {
      const { namespace } = await target.serverless.send(
        new GetNamespaceCommand({ namespaceName: "warehouse" }),
      );
      const SecretArn = namespace?.adminPasswordSecretArn;
      expect(await target.rows("select 1", { SecretArn })).to.eql([[{ longValue: 1 }]]);
    });

    it("not by a secret with another password", async () => {
      const secrets = new SecretsManagerClient(clientConfig(target.laptop.state));
      const SecretString = JSON.stringify({ username: "admin", password: "old" });
      const { ARN } = await secrets.send(new CreateSecretCommand({ Name: "old", SecretString }));
      const refused = await failure(target.start("select 1", { SecretArn: ARN }));
      expect(refused.message).to.equal('FATAL: password authentication failed for user "admin"');
    });

    it("only for callers who may", async () => {
      const statements = [
        { Action: "redshift-data:ExecuteStatement", Resource: target.workgroup.workgroupArn },
      ];
      const client = await target.as(await target.role("half", "lambda.amazonaws.com", statements));
      const refused = await failure(target.start("select 1", {}, client));
      expect(refused.name).to.equal("AccessDeniedException");
      expect(refused.message).to.contain("redshift-serverless:GetCredentials");
    });
  });

  it("keeps what is committed when the server is killed, and says what became of the rest", async () => {
    await target.run("create table kept as select 7 as n");
    const id = await target.start(
      "select sum(a.i * b.i) from generate_series(1, 10000000) a(i), generate_series(1, 1000000) b(i)",
    );
    await killServer(target.laptop, "redshift");
    const { Error: found } = await target.ended(id);
    expect(found).to.equal("ERROR: Query aborted: the server went away");
    expect(await target.rows("select n from kept")).to.eql([[{ longValue: 7 }]]);
  });
});

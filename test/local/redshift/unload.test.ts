import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parquetMetadata } from "hyparquet";
import { Bucket, Target } from "./target";

interface Manifest {
  entries: { url: string; meta: { content_length: number; record_count: number } }[];
  meta: { record_count: number };
  schema: { elements: { name: string; type: { base: string } }[] };
}

describe("UNLOAD and COPY of the laptop's Redshift", function () {
  this.timeout(30_000);
  let target: Target;
  before(async () => {
    target = await Target.start();
    await target.run(
      "create table numbers as select i as id, 'n' || i as name from generate_series(1, 1000) t(i)",
    );
  });
  after(() => target?.stop());

  const unload = (
    to: string,
    options = "format parquet manifest verbose",
    query = "select * from numbers where name <> ''n0''",
  ) => target.run(`unload ('${query}') to 's3://${Bucket}/${to}' iam_role '${target.roleArn}' ${options}`);

  it("writes Parquet files under the role, and last a manifest of them", async () => {
    const done = await unload("incoming/orders/w1/");
    expect(done.Error).to.equal(undefined);
    expect(done).to.include({ Status: "FINISHED", HasResultSet: false });
    const manifest = JSON.parse((await target.read("incoming/orders/w1/manifest")).toString()) as Manifest;
    expect(manifest.meta.record_count).to.equal(1000);
    expect(manifest.schema.elements.map(({ name }) => name)).to.eql(["id", "name"]);
    let rows = 0;
    for (const { url, meta } of manifest.entries) {
      const bytes = await target.read(url.slice(`s3://${Bucket}/`.length));
      expect(bytes.length).to.equal(meta.content_length);
      const footer = parquetMetadata(new Uint8Array(bytes).buffer);
      expect(Number(footer.num_rows)).to.equal(meta.record_count);
      rows += meta.record_count;
    }
    expect(rows).to.equal(1000);
  });

  it("writes nowhere else than the role may", async () => {
    const refused = await unload("elsewhere/");
    expect(refused.Status).to.equal("FAILED");
    expect(refused.Error).to.match(/^ERROR: S3ServiceException: .*s3:PutObject/);
    expect(await target.keys("elsewhere/")).to.eql([]);
  });

  it("does not write where something is already", async () => {
    await unload("incoming/orders/w2/");
    const again = await unload("incoming/orders/w2/");
    expect(again.Error).to.contain("Specified unload destination on S3 is not empty");
    expect((await unload("incoming/orders/w2/", "parquet allowoverwrite")).Status).to.equal("FINISHED");
  });

  it("takes roles of the namespace only", async () => {
    const other = await target.role("other", "redshift.amazonaws.com", []);
    const refused = await target.run(
      `unload ('select 1') to 's3://${Bucket}/incoming/x/' iam_role '${other}' parquet`,
    );
    expect(refused.Error).to.contain(`is not authorized to assume IAM Role ${other}`);
  });

  it("writes a manifest without files for no rows", async () => {
    await unload("incoming/orders/none/", "parquet manifest", "select * from numbers where id < 0");
    expect(await target.keys("incoming/orders/none/")).to.eql(["incoming/orders/none/manifest"]);
  });

  it("splits what is larger than MAXFILESIZE", async () => {
    const query = "select i, md5(i::varchar) as text from generate_series(1, 400000) t(i)";
    const done = await unload("incoming/orders/large/", "parquet maxfilesize 5 mb", query);
    expect(done.Error).to.equal(undefined);
    const keys = await target.keys("incoming/orders/large/");
    expect(keys.length).to.be.greaterThan(1);
    expect(keys[1]).to.equal("incoming/orders/large/0001_part_00.parquet");
  });

  it("COPY brings objects back, whole or not at all", async () => {
    await target.run("create table loaded (id bigint, name varchar(20))");
    const copy = (key: string, how: string) =>
      target.run(`copy loaded from 's3://${Bucket}/${key}' iam_role '${target.roleArn}' ${how}`);
    await unload("incoming/back/w/", "parquet");
    expect(await copy("incoming/back/w/", "format as parquet")).to.include({
      Status: "FINISHED",
      ResultRows: 1000,
    });
    const Body = "id,name\n1,a\ntwo,b\n";
    await target.s3.send(new PutObjectCommand({ Bucket, Key: "incoming/bad.csv", Body }));
    expect((await copy("incoming/bad.csv", "csv ignoreheader 1")).Status).to.equal("FAILED");
    expect(await target.rows("select count(*) from loaded")).to.eql([[{ longValue: 1000 }]]);
  });
});

"""Runs statements with boto3, given nothing but an endpoint URL and credentials in the environment.

Arguments: endpoint URL of Redshift. Prints what came back as JSON.
"""

import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

(url,) = sys.argv[1:]
serverless = boto3.client("redshift-serverless", endpoint_url=url)
data = boto3.client("redshift-data", endpoint_url=url)

serverless.create_namespace(namespaceName="boto3", dbName="dev", tags=[{"key": "team", "value": "fares"}])
serverless.create_workgroup(workgroupName="boto3", namespaceName="boto3", baseCapacity=8)
namespace = serverless.get_namespace(namespaceName="boto3")["namespace"]


def run(sql: str, **more: object) -> dict:
    statement = data.execute_statement(WorkgroupName="boto3", Database="dev", Sql=sql, **more)
    while True:
        found = data.describe_statement(Id=statement["Id"])
        if found["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return found
        time.sleep(0.05)


run("create table fares (id int, fare decimal(8,2))")
run("insert into fares values (1, 12.5), (2, 7)")
query = run("select * from fares where id > :least order by id", Parameters=[{"name": "least", "value": "0"}])
pages = data.get_paginator("get_statement_result").paginate(Id=query["Id"])
rows = [[next(iter(field.values())) for field in record] for page in pages for record in page["Records"]]
failed = run("select nothing from nowhere")
try:
    data.execute_statement(WorkgroupName="boto3", Database="dev")
except Exception as error:
    missing = type(error).__name__
try:
    serverless.create_workgroup(workgroupName="boto3", namespaceName="boto3")
except ClientError as error:
    twice = error.response["Error"]["Code"]
serverless.delete_workgroup(workgroupName="boto3")
serverless.delete_namespace(namespaceName="boto3")
created = namespace["creationDate"].year > 2000 and query["CreatedAt"].year > 2000
print(
    json.dumps(
        {"rows": rows, "error": failed["Error"], "missing": missing, "twice": twice, "created": created}
    )
)

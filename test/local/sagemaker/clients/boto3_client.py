"""Trains, deploys and invokes with boto3, given nothing but an endpoint URL and credentials in the environment.

Arguments: endpoint URL of SageMaker, ARN of the role, image URI, bucket. Prints the prediction as JSON.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

url, role, image, bucket = sys.argv[1:]
sagemaker = boto3.client("sagemaker", endpoint_url=url)
runtime = boto3.client("sagemaker-runtime", endpoint_url=url)

source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/raw/"}}
sagemaker.create_training_job(
    TrainingJobName="boto3",
    RoleArn=role,
    AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
    InputDataConfig=[{"ChannelName": "train", "DataSource": source}],
    OutputDataConfig={"S3OutputPath": f"s3://{bucket}/models/"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    StoppingCondition={"MaxRuntimeInSeconds": 60},
)
sagemaker.get_waiter("training_job_completed_or_stopped").wait(
    TrainingJobName="boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
)
job = sagemaker.describe_training_job(TrainingJobName="boto3")
assert job["TrainingJobStatus"] == "Completed", job
assert job["TrainingEndTime"] >= job["TrainingStartTime"], job

sagemaker.create_model(
    ModelName="boto3",
    ExecutionRoleArn=role,
    PrimaryContainer={"Image": image, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]},
)
sagemaker.create_endpoint_config(
    EndpointConfigName="boto3",
    ProductionVariants=[
        {"VariantName": "v", "ModelName": "boto3", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ],
)
sagemaker.create_endpoint(EndpointName="boto3", EndpointConfigName="boto3")
sagemaker.get_waiter("endpoint_in_service").wait(
    EndpointName="boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
)
answer = runtime.invoke_endpoint(EndpointName="boto3", Body=b"from boto3", ContentType="text/plain")
print(answer["Body"].read().decode())

try:
    runtime.invoke_endpoint(EndpointName="boto3", Body=b"bad")
    raise AssertionError("the model took it")
except runtime.exceptions.ModelError as error:
    assert json.loads(error.response["OriginalMessage"]) == {"message": "bad input"}, error.response

names = [
    found["TrainingJobName"]
    for page in sagemaker.get_paginator("list_training_jobs").paginate()
    for found in page["TrainingJobSummaries"]
]
assert "boto3" in names, names

sagemaker.delete_endpoint(EndpointName="boto3")
sagemaker.get_waiter("endpoint_deleted").wait(
    EndpointName="boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
)
try:
    sagemaker.describe_endpoint(EndpointName="boto3")
    raise AssertionError("the endpoint is still there")
except ClientError as error:
    assert error.response["Error"]["Code"] == "ValidationException", error.response

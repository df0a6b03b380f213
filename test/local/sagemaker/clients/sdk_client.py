"""Trains, deploys, asks and transforms with the SageMaker Python SDK, as its own examples do.

Arguments: ARN of the role, image URI, bucket. The environment has endpoints and credentials. Prints what came of it as
JSON.
"""

import json
import sys

import boto3
import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.serializers import JSONSerializer

role, image, bucket = sys.argv[1:]
session = sagemaker.Session(default_bucket=bucket)

estimator = Estimator(
    image_uri=image,
    role=role,
    instance_count=1,
    instance_type="ml.m5.large",
    output_path=f"s3://{bucket}/sdk",
    base_job_name="sdk",
    hyperparameters={"mode": "sum"},
    metric_definitions=[{"Name": "sum", "Regex": r"metric sum=(\d+)"}],
    sagemaker_session=session,
)
estimator.fit({"train": f"s3://{bucket}/raw/"})
job = session.describe_training_job(estimator.latest_training_job.name)

predictor = estimator.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    serializer=JSONSerializer(),
    deserializer=JSONDeserializer(),
    wait=False,  # it would look again after half a minute only
)
session.sagemaker_client.get_waiter("endpoint_in_service").wait(
    EndpointName=predictor.endpoint_name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
)
answer = predictor.predict({"asked by": "the SDK"})

boto3.client("s3").put_object(Bucket=bucket, Key="sdk-lines/lines.txt", Body=b"4\n5\n6\n")
transformer = estimator.transformer(
    instance_count=1,
    instance_type="ml.m5.large",
    strategy="MultiRecord",
    assemble_with="Line",
    output_path=f"s3://{bucket}/sdk-doubled",
)
transformer.transform(f"s3://{bucket}/sdk-lines/", content_type="text/numbers", split_type="Line")
transformer.wait()
doubled = boto3.client("s3").get_object(Bucket=bucket, Key="sdk-doubled/lines.txt.out")["Body"].read().decode()

predictor.delete_model()
predictor.delete_endpoint()
print(
    json.dumps(
        {
            "status": job["TrainingJobStatus"],
            "metrics": {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]},
            "answer": json.loads(answer["body"]),
            "model": answer["model"]["sum"],
            "doubled": doubled.split(),
        }
    )
)

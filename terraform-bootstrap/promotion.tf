# 'slipway promote dev main' runs as deploy-main and copies what dev serves: it may look at that, and at nothing else of dev.

data "aws_iam_policy_document" "promotion" {
  statement {
    sid       = "WhatDevServes"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.project}/dev/release"]
  }
  statement {
    sid     = "WhetherItServes"
    actions = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"]
    resources = [
      for kind in ["endpoint", "endpoint-config", "model"] :
      "arn:${local.partition}:sagemaker:${var.region}:${local.account}:${kind}/${var.project}-dev-*"
    ]
  }
  statement {
    sid       = "ItsModel"
    actions   = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${var.project}-dev-data-*"]
  }
  statement {
    sid       = "TheKeyOfItsModel" # AWS names it; its alias is known
    actions   = ["kms:Decrypt"]
    resources = ["arn:${local.partition}:kms:${var.region}:${local.account}:key/*"]
    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = ["alias/${var.project}-dev-data"]
    }
  }
  statement {
    sid       = "ItsImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${local.partition}:ecr:${var.region}:${local.account}:repository/${var.project}-dev"]
  }
}

resource "aws_iam_role_policy" "promotion" {
  name   = "promotion"
  role   = aws_iam_role.github["deploy-main"].name
  policy = data.aws_iam_policy_document.promotion.json
}

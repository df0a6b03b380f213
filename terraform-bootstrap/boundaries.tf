# The most that the roles can ever do, whatever else is attached to them.

locals {
  bootstrap_arns = [
    "arn:${local.partition}:iam::${local.account}:role/${var.project}-preview",
    "arn:${local.partition}:iam::${local.account}:role/${var.project}-deploy-*",
    "arn:${local.partition}:iam::${local.account}:policy/${var.project}-*",
    "arn:${local.partition}:iam::${local.account}:oidc-provider/*",
  ]
}

data "aws_iam_policy_document" "boundary" {
  for_each = local.subjects
  statement {
    sid         = "AllButPeopleAndAccounts"
    not_actions = ["account:*", "organizations:*", "sts:AssumeRole", "aws-portal:*", "billing:*"]
    resources   = ["*"]
  }
  statement {
    sid    = "NoLongLivedKeys"
    effect = "Deny"
    actions = [
      "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser", "iam:CreateServiceSpecificCredential",
      "iam:DeleteRolePermissionsBoundary", "iam:UploadSigningCertificate",
    ]
    resources = ["*"]
  }
  statement {
    sid       = "NotItself"
    effect    = "Deny"
    actions   = ["iam:Add*", "iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:Put*", "iam:Remove*", "iam:Set*", "iam:Update*"]
    resources = local.bootstrap_arns
  }
  statement {
    sid    = "NotTheStateBucket"
    effect = "Deny"
    actions = [
      "s3:DeleteBucket*", "s3:DeleteObjectVersion", "s3:PutBucket*", "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
  }
  statement {
    sid       = "NotTheKeyOfTheState"
    effect    = "Deny"
    actions   = ["kms:Disable*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant"]
    resources = [aws_kms_key.secrets.arn]
  }
}

resource "aws_iam_policy" "boundary" {
  for_each    = local.subjects
  name        = "${var.project}-boundary-${each.key}"
  description = "The most that the role ${var.project}-${each.key} can do"
  policy      = data.aws_iam_policy_document.boundary[each.key].json
}

# Of the roles that the stacks create for their functions, jobs and endpoints (slipway:permissionsBoundary).
data "aws_iam_policy_document" "workload_boundary" {
  statement {
    sid         = "AllButIdentities"
    not_actions = ["account:*", "iam:*", "organizations:*", "sts:AssumeRole"]
    resources   = ["*"]
  }
  statement {
    sid       = "JobsPassTheirRole"
    actions   = ["iam:PassRole"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["export.rds.amazonaws.com", "redshift.amazonaws.com", "sagemaker.amazonaws.com"]
    }
  }
  statement {
    sid       = "NotTheState"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]
  }
  statement {
    sid       = "NotTheKeyOfTheState"
    effect    = "Deny"
    actions   = ["kms:*"]
    resources = [aws_kms_key.secrets.arn]
  }
}

resource "aws_iam_policy" "workload_boundary" {
  name        = "${var.project}-boundary-workload"
  description = "The most that the roles of ${var.project}'s stacks can do"
  policy      = data.aws_iam_policy_document.workload_boundary.json
}

# What the roles may do: permissions.json has, for each kind of resource that the program declares, the actions to create, read,
# change and delete it. A test compares it with the program.

locals {
  permissions = jsondecode(file("${path.module}/permissions.json"))

  # By role, the stacks that it is about: a pull request's is pr-<number>.
  stacks = { preview = "*", deploy-dev = "dev", deploy-main = "main", deploy-pr = "pr-*" }

  reading = "^[a-z-]+:(Get|GET|List|Describe|BatchGet|BatchCheck)"

  # By role and policy, as a policy has 6,144 characters at most.
  policies = {
    for pair in setproduct(keys(local.subjects), distinct(local.permissions[*].policy)) :
    "${pair[0]}-${pair[1]}" => {
      role = pair[0]
      statements = [
        for each in local.permissions : {
          sid       = each.sid
          actions   = pair[0] == "preview" ? [for action in each.actions : action if can(regex(local.reading, action))] : each.actions
          resources = [for pattern in each.resources : replace(replace(replace(replace(replace(pattern, "{partition}", local.partition), "{region}", var.region), "{account}", local.account), "{project}", var.project), "{stack}", local.stacks[pair[0]])]
        } if each.policy == pair[1]
      ]
    }
  }
}

data "aws_iam_policy_document" "permissions" {
  for_each = local.policies
  dynamic "statement" {
    for_each = { for each in each.value.statements : each.sid => each if length(each.actions) > 0 }
    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
      # A role that a workflow creates can never do more than the boundary of all of them: else it could give itself anything.
      dynamic "condition" {
        for_each = statement.key == "RoleRights" && each.value.role != "preview" ? [aws_iam_policy.workload_boundary.arn] : []
        content {
          test     = "StringEquals"
          variable = "iam:PermissionsBoundary"
          values   = [condition.value]
        }
      }
    }
  }
}

resource "aws_iam_policy" "permissions" {
  for_each    = local.policies
  name        = "${var.project}-${each.key}"
  description = "Of the role ${var.project}-${each.value.role}, from permissions.json"
  policy      = data.aws_iam_policy_document.permissions[each.key].json
}

resource "aws_iam_role_policy_attachment" "permissions" {
  for_each   = local.policies
  role       = aws_iam_role.github[each.value.role].name
  policy_arn = aws_iam_policy.permissions[each.key].arn
}

# What AWS names by ids of its own says by a tag whose it is. Reading is left: a release of dev is promoted from there.

data "aws_iam_policy_document" "other_stacks" {
  for_each = { for role, stack in local.stacks : role => stack if role != "preview" }
  statement {
    sid    = "NotWhatOtherStacksHave"
    effect = "Deny"
    actions = [
      "apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT",
      "application-autoscaling:Delete*", "application-autoscaling:Deregister*", "application-autoscaling:Put*", "application-autoscaling:Register*",
      "ec2:Authorize*", "ec2:Delete*", "ec2:Modify*", "ec2:Revoke*",
      "kms:CreateAlias", "kms:CreateGrant", "kms:Disable*", "kms:Put*", "kms:Schedule*", "kms:TagResource", "kms:Untag*", "kms:Update*",
      "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping",
      "redshift-serverless:Delete*", "redshift-serverless:TagResource", "redshift-serverless:Untag*", "redshift-serverless:Update*",
    ]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = [var.project]
    }
    condition {
      test     = "StringNotLike"
      variable = "aws:ResourceTag/Stack"
      values   = [each.value]
    }
  }
}

resource "aws_iam_role_policy" "other_stacks" {
  for_each = data.aws_iam_policy_document.other_stacks
  name     = "other-stacks"
  role     = aws_iam_role.github[each.key].name
  policy   = each.value.json
}

# The state of its stacks: a preview reads it, a deployment writes that of its own stack.

locals {
  state_paths = [for path in ["stacks", "history", "backups", "locks/organization", "locks"] : ".pulumi/${path}/${var.project}"]
}

data "aws_iam_policy_document" "state_access" {
  for_each = local.subjects
  statement {
    sid       = "ListState"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [aws_s3_bucket.state.arn]
  }
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.state.arn}/.pulumi/*"]
  }
  dynamic "statement" {
    for_each = each.key == "preview" ? [] : [local.stacks[each.key]]
    content {
      sid     = "WriteState"
      actions = ["s3:PutObject", "s3:DeleteObject"]
      resources = concat(
        ["${aws_s3_bucket.state.arn}/.pulumi/meta.yaml"],
        [for path in local.state_paths : "${aws_s3_bucket.state.arn}/${path}/${statement.value}.*"],
        [for path in local.state_paths : "${aws_s3_bucket.state.arn}/${path}/${statement.value}/*"],
      )
    }
  }
  statement {
    sid       = "Secrets"
    actions   = concat(["kms:Decrypt", "kms:DescribeKey"], each.key == "preview" ? [] : ["kms:Encrypt", "kms:GenerateDataKey"])
    resources = [aws_kms_key.secrets.arn]
  }
}

resource "aws_iam_role_policy" "state_access" {
  for_each = local.subjects
  name     = "state"
  role     = aws_iam_role.github[each.key].name
  policy   = data.aws_iam_policy_document.state_access[each.key].json
}

# Who may deploy: workflows of one repository, by short-lived tokens of GitHub. No key is stored anywhere.
# https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services

locals {
  issuer       = "token.actions.githubusercontent.com"
  provider_arn = var.create_oidc_provider ? aws_iam_openid_connect_provider.github[0].arn : data.aws_iam_openid_connect_provider.github[0].arn

  # By role, whose tokens it trusts. Workflows of pull requests from forks get no token at all
  # (https://docs.github.com/actions/reference/security/secure-use): the first is for those of the repository itself.
  subjects = {
    preview = [
      "repo:${var.github_repository}:pull_request",
      "repo:${var.github_repository}:ref:refs/heads/main", # each night: do the stacks and the cloud differ?
    ]
    deploy-dev  = ["repo:${var.github_repository}:ref:refs/heads/${var.dev_branch}"]
    deploy-main = ["repo:${var.github_repository}:environment:${var.main_environment}"]
    deploy-pr   = ["repo:${var.github_repository}:environment:${local.pr_environment}"]
  }

  # Of the stacks of pull requests, as .github/workflows/ephemeral.yml names it.
  pr_environment = "preview-stack"
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 0 : 1
  url   = "https://${local.issuer}"
}

data "aws_iam_policy_document" "trust" {
  for_each = local.subjects
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals" # not StringLike: no branch or fork is let in by a pattern
      variable = "${local.issuer}:sub"
      values   = each.value
    }
  }
}

resource "aws_iam_role" "github" {
  for_each             = local.subjects
  name                 = "${var.project}-${each.key}"
  description          = "GitHub Actions of ${var.github_repository}: ${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  permissions_boundary = aws_iam_policy.boundary[each.key].arn
  max_session_duration = 7200
}

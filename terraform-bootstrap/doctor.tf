# What 'slipway doctor' asks of the account, so that a workflow can say what it lacks before it begins. Nothing is changed by it.

data "aws_iam_policy_document" "doctor" {
  for_each = local.subjects
  statement {
    sid       = "AskAboutItself"
    actions   = ["iam:GetRole", "iam:SimulatePrincipalPolicy"]
    resources = [aws_iam_role.github[each.key].arn]
  }
  statement {
    sid       = "AskAboutTheAccount" # AWS offers nothing narrower
    actions   = ["ec2:DescribeRegions", "iam:ListOpenIDConnectProviders", "servicequotas:ListServiceQuotas"]
    resources = ["*"]
  }
  statement {
    sid       = "AskAboutTheRegion"
    actions   = ["ssm:GetParameters"]
    resources = ["arn:${local.partition}:ssm:${var.region}::parameter/aws/service/global-infrastructure/*"]
  }
}

resource "aws_iam_role_policy" "doctor" {
  for_each = local.subjects
  name     = "doctor"
  role     = aws_iam_role.github[each.key].name
  policy   = data.aws_iam_policy_document.doctor[each.key].json
}

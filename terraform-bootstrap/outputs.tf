output "state_url" {
  description = "For 'pulumi login'."
  value       = "s3://${aws_s3_bucket.state.bucket}?region=${var.region}"
}

output "secrets_provider" {
  description = "For 'pulumi stack init --secrets-provider'."
  value       = "awskms://${aws_kms_alias.secrets.name}?region=${var.region}"
}

output "region" {
  description = "Of the state and of the stacks."
  value       = var.region
}

output "role_arns" {
  description = "By role, what the workflows assume."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "workload_boundary_arn" {
  description = "For slipway:permissionsBoundary: without it, the deploy roles may create no role."
  value       = aws_iam_policy.workload_boundary.arn
}

output "github_repository" {
  description = "The fork whose workflows deploy, as owner/name."
  value       = var.github_repository
}

output "environments" {
  description = "By stack, the GitHub environment from which it is deployed: pr stands for those of pull requests."
  value       = { main = var.main_environment, pr = local.pr_environment }
}

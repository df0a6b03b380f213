variable "region" {
  description = "AWS region of the state and of the stacks."
  type        = string
  default     = "us-east-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Give a region such as us-east-1 or eu-central-1."
  }
}

variable "project" {
  description = "Name of the Pulumi project, as in Pulumi.yaml: what is made here, and what the roles may change, begins with it."
  type        = string
  default     = "slipway"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.project))
    error_message = "Give 3 to 20 lower-case letters, digits and hyphens, a letter first: names of buckets and functions begin with it."
  }
}

variable "github_repository" {
  description = "The fork whose workflows deploy, as owner/name."
  type        = string
  validation {
    # No wildcard: it would let other repositories in.
    condition     = can(regex("^[A-Za-z0-9](-?[A-Za-z0-9])*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "Give owner/name as in the repository's address on github.com, without wildcards."
  }
}

variable "dev_branch" {
  description = "Branch whose pushes deploy the stack dev."
  type        = string
  default     = "dev"
  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.dev_branch))
    error_message = "Give the name of one branch: letters, digits, dots, slashes, hyphens, underscores. Wildcards would let other branches in."
  }
}

variable "main_environment" {
  description = "GitHub environment from which the stack main is deployed. Protect it: only the branch main, and reviewers."
  type        = string
  default     = "main"
  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.main_environment))
    error_message = "Give the name of one environment: letters, digits, dots, hyphens, underscores."
  }
}

variable "create_oidc_provider" {
  description = "Whether to create the OIDC provider of GitHub Actions. An account has one at most: false takes the one that is there."
  type        = bool
  default     = true
}

variable "old_state_days" {
  description = "Days for which earlier versions of the state are kept."
  type        = number
  default     = 90
  validation {
    condition     = var.old_state_days >= 7 && floor(var.old_state_days) == var.old_state_days
    error_message = "Give whole days, 7 or more: an earlier state is what a broken one is repaired from."
  }
}

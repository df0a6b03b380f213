# An endpoint as its users write it for AWS; where SageMaker is, the environment says (AWS_ENDPOINT_URL_SAGEMAKER).
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "role_arn" {
  type = string
}

variable "image" {
  type = string
}

variable "model_data_url" {
  type = string
}

variable "release" {
  type = string
}

locals {
  tags = { team = "fares" }
}

resource "aws_sagemaker_model_package_group" "numbers" {
  model_package_group_name        = "terraform"
  model_package_group_description = "Sums of numbers"
  tags                            = local.tags
}

resource "aws_sagemaker_model" "numbers" {
  name               = "terraform-${var.release}"
  execution_role_arn = var.role_arn
  tags               = local.tags

  primary_container {
    image          = var.image
    model_data_url = var.model_data_url
    environment    = { RELEASE_ID = var.release }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint_configuration" "numbers" {
  name = "terraform-${var.release}"
  tags = local.tags

  production_variants {
    variant_name           = "AllTraffic"
    model_name             = aws_sagemaker_model.numbers.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "numbers" {
  name                 = "terraform"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.numbers.name
  tags                 = local.tags
}

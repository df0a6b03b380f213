SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup demo stop test unit lint format clients pictures docs bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install packages, inside this folder (done by the others when needed)
	@./setup.sh

demo: setup ## The whole pipeline on this laptop: data, training, prediction URL, email (PROBLEM=examples/flights: another one)
	@node automation/bin.js demo $(if $(PROBLEM),--problem '$(PROBLEM)')

stop: setup ## Stop the laptop's servers; everything they hold is kept
	@node automation/bin.js local stop

test: ## Lint and all tests
	@./setup.sh --test
	@node test/run.mjs

unit: ## The quick tests only
	@./setup.sh --test
	@node test/run.mjs unit

lint: ## Check formatting, types and style
	@./setup.sh --test
	@node test/run.mjs lint

format: ## Put the formatting right
	@./setup.sh --test
	@npx prettier --write --log-level warn .
	@.venv/bin/ruff format --quiet model-image local bench clients examples

clients: ## Generate the TypeScript client's types from the schema (PROBLEM=examples/flights: another one's)
	@./setup.sh --test
	@npx tsx clients/typescript/generate.ts $(PROBLEM)

pictures: ## Draw the architecture pictures of docs/ again, from the program as it is
	@./setup.sh --test
	@npx tsx test/automation/diagram/pictures.ts

docs: setup ## Build the documentation as a site with search, in .slipway/docs
	@npx vitepress build docs
	@echo "Look at it: npx vitepress preview docs"

bench: ## Measure the numbers of bench/README.md
	@./setup.sh --test
	@bash bench/demo.sh
	@bash bench/serving/run.sh
	@bash bench/training/run.sh
	@npx tsx bench/api/run.ts
	@npx tsx bench/sources/snapshot.ts
	@npx tsx bench/sources/files.ts csv 1000
	@npx tsx bench/sources/kinesis.ts 5000 60 8
	@npx tsx bench/sources/rds.ts
	@npx tsx bench/sources/redshift.ts
	@npx tsx bench/batches.ts
	@npx tsx bench/console.ts
	@npx tsx bench/diagram.ts

clean: ## Stop the servers and remove all that was installed or made here
	@if [ -d node_modules ]; then node automation/bin.js local reset; fi
	@rm -rf node_modules .venv .slipway

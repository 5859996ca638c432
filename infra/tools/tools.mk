# The judges: linters, schema judges, and the two targets that say whether a change may land.
.PHONY: tools lint lock-tools format openapi judges hooks check check-static

tools: environment ## @check install the pinned linters and judges into .tools/
	@infra/tools/install

lint: tools ## @check run every linter, or STEP="ruff types"
	@infra/tools/lint $(STEP)

lock-tools: environment ## @change resolve the Python judges anew and lock them with hashes
	@cd infra/tools/python && $(LOCK) judges.in -o judges.txt && $(LOCK) checkov.in -o checkov.txt

format: tools ## @check format Python and shell, sort imports, apply safe corrections
	@infra/tools/format

openapi: environment ## @check write the committed OpenAPI files anew
	@infra/tools/judge-schema write

judges: tools ## @check every judge of the API: schema rules, clients, fuzzing of the running service
	@infra/tools/judge-schema
	@infra/tools/judge-service

hooks: tools ## @check run the quick linters on every commit
	@.tools/python/bin/pre-commit install

check-static: lint ## @check all of check but the tests
	@infra/tools/judge-schema

check: check-static ## @check all that continuous integration does
	@$(MAKE) test

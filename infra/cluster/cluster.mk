# The image, and a cluster to run it on.
.PHONY: image images cluster-up cluster-down deploy e2e chart-lint

image: ## @cluster build the service's image: IMAGE=registry/name for your own
	@infra/cluster/image

images: ## @cluster print every image that a release of the charts runs
	@infra/cluster/images

cluster-up: ## @cluster bring up a cluster with a gateway and cert-manager
	@infra/cluster/up

deploy: ## @cluster build the image and install the charts with a demo world
	@infra/cluster/deploy

e2e: environment ## @cluster prove the promises on the running cluster; FULL=1 for 20 rollouts
	@infra/cluster/e2e

cluster-down: ## @cluster stop the cluster
	@infra/cluster/down

chart-lint: tools ## @cluster judge the charts and the image's recipe
	@infra/tools/judge-charts

# What every script here knows: the tools, the cluster, the image.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/infra/cluster
export PATH=$root/.tools/bin:$PATH

# A folder with `up`, `down`, `build-image` and add-ons brings up a cluster on a bare machine, without a container engine.
bare=${BARE_CLUSTER:-$root/../shared/cluster}
namespace=${NAMESPACE:-slipway}
repository=${IMAGE:-localhost/slipway-api}

die() {
  echo "$*" >&2
  exit 1
}

step() { echo "..  $*" >&2; }

done_with() { echo "ok  $* (${SECONDS} s)" >&2; }

need() { command -v "$1" >/dev/null || die "'$1' was not found on PATH. Install $2, then run this command again."; }

# Helm 3.18 or newer: the one on PATH, or the pinned one, built from its source.
need_helm() {
  command -v helm >/dev/null && return
  command -v go >/dev/null || die "'helm' was not found. Install Helm 3.18 or newer, or Go 1.26 to have it built here."
  "$root/infra/tools/install" helm >&2
}

has_engine() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }

# bare, kind, k3d, minikube, or other: whatever the current context names.
kind_of_cluster() {
  local context
  if [[ -z ${KUBECONFIG:-} && -x $bare/up ]]; then
    echo bare
    return
  fi
  context=$(kubectl config current-context 2>/dev/null || true)
  case $context in
  kind-*) echo kind ;;
  k3d-*) echo k3d ;;
  minikube) echo minikube ;;
  devcluster | kubernetes-admin@devcluster) echo bare ;;
  "") echo none ;;
  *) if [[ ${KUBECONFIG:-} == "${CLUSTER_HOME:-/var/lib/devcluster}/kubeconfig" ]]; then echo bare; else echo other; fi ;;
  esac
}

# Points kubectl and helm to the cluster, or says in one sentence that there is none.
use_cluster() {
  need kubectl "kubectl 1.34 or newer"
  need_helm
  cluster=$(kind_of_cluster)
  if [[ $cluster == bare && -z ${KUBECONFIG:-} ]]; then
    export KUBECONFIG=${CLUSTER_HOME:-/var/lib/devcluster}/kubeconfig
  fi
  if [[ $cluster == none ]] || ! kubectl version --request-timeout=10s >/dev/null 2>&1; then
    die "No cluster answers. Run 'make cluster-up', or point KUBECONFIG to a kind, k3d or minikube cluster."
  fi
}

# The tag is a hash of what the image is built from: the same inputs are never built twice.
image_tag() {
  (
    cd "$root/packages/api" || exit
    git ls-files -co --exclude-standard -z -- apps config contract manage.py requirements/base.txt Dockerfile .dockerignore |
      grep -zv '/tests/' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12
  )
}

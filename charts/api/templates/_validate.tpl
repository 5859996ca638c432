{{/* Every rule over more than one value. What is wrong is said in sentences, all at once. */}}
{{- define "api.validate" -}}
{{- $wrong := list -}}
{{- range include "api.problems" . | splitList "\n" -}}
{{- with trim . }}{{ $wrong = append $wrong (printf "  - %s" .) }}{{ end -}}
{{- end -}}
{{- if $wrong }}{{ fail (printf "\n\nThese values can't be installed:\n%s\n" (join "\n" $wrong)) }}{{ end -}}
{{- end -}}

{{/* One sentence a line. */}}
{{- define "api.problems" -}}
{{- include "api.problemsOfProduction" . }}
{{ include "api.problemsOfLabels" . }}
{{ include "api.problemsOfAnnotations" . }}
{{ include "api.problemsOfVariables" . }}
{{ include "api.problemsOfSecrets" . }}
{{ include "api.problemsOfRoutes" . }}
{{ include "api.problemsOfTls" . }}
{{ include "api.problemsOfScaling" . }}
{{ include "api.problemsOfResources" . }}
{{ include "api.problemsOfStorage" . }}
{{- end -}}

{{- define "api.problemsOfProduction" -}}
{{- if not .Values.config.publicUrl }}
config.publicUrl is empty: set it to the address that customers use, such as https://api.example.com.
{{- end }}
{{- $name := include "api.fullname" . }}
{{- if or (not (regexMatch "^[a-z][a-z0-9-]*$" $name)) (has $name (list "true" "false" "null" "yes" "no" "on" "off" "y" "n")) }}
The release's objects would be called {{ $name }}: a Service begins with a letter, has no dots, and is no word of YAML's, so set fullnameOverride.
{{- end }}
{{- if hasSuffix "/" .Values.config.publicUrl }}
config.publicUrl is {{ .Values.config.publicUrl }}: leave out the slash at its end, or every address made from it has two.
{{- end }}
{{- if regexMatch ":[^/]*$" .Values.image.repository }}
image.repository is {{ .Values.image.repository }}: name its tag in image.tag, or the image would have two.
{{- end }}
{{- if eq .Values.environment "production" }}
{{- if and .Values.config.publicUrl (not (hasPrefix "https://" .Values.config.publicUrl)) }}
config.publicUrl is {{ .Values.config.publicUrl }}: in production it must begin with https://.
{{- end }}
{{- if regexMatch "^https://(localhost|127\\.|\\[::1\\])" .Values.config.publicUrl }}
config.publicUrl is {{ .Values.config.publicUrl }}: nobody else reaches that, so give the address that customers use.
{{- end }}
{{- if has "*" .Values.config.allowedHosts }}
config.allowedHosts holds *: in production name each host, or links could be made to lead anywhere.
{{- end }}
{{- range $key := list "corsAllowedOrigins" "csrfTrustedOrigins" }}
{{- range index $.Values.config $key }}
{{- if hasPrefix "http://" . }}
config.{{ $key }} holds {{ . }}: in production origins begin with https://.
{{- end }}
{{- end }}
{{- end }}
{{- if eq .Values.secrets.provider "inline" }}
secrets.provider is inline: production takes `existing` or `externalSecret`, so that no secret lies in a values file.
{{- end }}
{{- if .Values.demo.enabled }}
demo.enabled is true: the demo world's passwords are published, so production refuses it. Set environment to development, or demo.enabled to false.
{{- end }}
{{- if and (eq .Values.image.tag "latest") (not .Values.image.digest) }}
image.tag is latest: name a version or an image.digest, so that a restart brings up the same code.
{{- end }}
{{- if and .Values.storage.s3.enabled (hasPrefix "http://" .Values.storage.s3.endpoint) }}
storage.s3.endpoint is {{ .Values.storage.s3.endpoint }}: in production it must begin with https://.
{{- end }}
{{- end }}
{{- if lt (int .Values.config.refreshTokenSeconds) (int .Values.config.accessTokenSeconds) }}
config.refreshTokenSeconds ({{ .Values.config.refreshTokenSeconds }}) is less than config.accessTokenSeconds ({{ .Values.config.accessTokenSeconds }}): a refresh token has to outlive the access token that it renews.
{{- end }}
{{- range $name, $rate := .Values.config.throttle }}
{{- if and (eq $rate "off") (eq $.Values.environment "production") }}
config.throttle.{{ $name }} is off: in production every limit holds, so give a rate such as 60/min.
{{- end }}
{{- end }}
{{- if not (eq .Values.api.docs.env_var "API_DOCS_ENABLED") }}
api.docs.env_var is {{ .Values.api.docs.env_var }}: the service reads API_DOCS_ENABLED.
{{- end }}
{{- end -}}

{{- define "api.problemsOfAnnotations" -}}
{{- $pods := dict "pods.annotations" .Values.pods.annotations "api.podAnnotations" .Values.api.podAnnotations "jobs.podAnnotations" .Values.jobs.podAnnotations }}
{{- range $key, $annotations := $pods }}
{{- range $own := list "checksum/config" "checksum/secret" "slipway.example/secrets-revision" }}
{{- if hasKey $annotations $own }}
{{ $key }} holds {{ $own }}, by which the chart rolls the pods: leave it out.
{{- end }}
{{- end }}
{{- end }}
{{- $objects := dict "commonAnnotations" .Values.commonAnnotations "api.annotations" .Values.api.annotations "api.service.annotations" .Values.api.service.annotations "serviceAccount.annotations" .Values.serviceAccount.annotations "gateway.annotations" .Values.gateway.annotations "ingress.annotations" .Values.ingress.annotations "metrics.dashboards.annotations" .Values.metrics.dashboards.annotations }}
{{- range $key, $annotations := $objects }}
{{- range $name, $_ := $annotations }}
{{- if hasPrefix "helm.sh/hook" $name }}
{{ $key }} holds {{ $name }}: Helm would make a hook of what the release needs, so leave it out.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "api.problemsOfLabels" -}}
{{- $objects := dict "commonLabels" .Values.commonLabels "api.service.labels" .Values.api.service.labels }}
{{- range $name := list "serviceMonitor" "prometheusRule" "dashboards" }}
{{- $_ := set $objects (printf "metrics.%s.labels" $name) (index $.Values.metrics $name).labels }}
{{- end }}
{{- $pods := dict "pods.labels" .Values.pods.labels "api.podLabels" .Values.api.podLabels }}
{{- range $key, $labels := merge $pods $objects }}
{{- range $label := list "name" "instance" "component" }}
{{- if hasKey $labels (printf "app.kubernetes.io/%s" $label) }}
{{ $key }} holds app.kubernetes.io/{{ $label }}: pods are selected by it, so it is the chart's own.
{{- end }}
{{- end }}
{{- end }}
{{- range $key, $labels := $objects }}
{{- range $label := list "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" }}
{{- if hasKey $labels $label }}
{{ $key }} holds {{ $label }}, which the chart sets itself: leave it out.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Names of what the chart tells the processes, without _FILE, as a JSON list. */}}
{{- define "api.variables" -}}
{{- $names := concat (include "api.config" . | fromYaml | keys) (include "api.secretKeys" . | fromJsonArray) (list "DATABASE_OWNER_URL" "MIGRATION_LOCK_TIMEOUT") -}}
{{- $names = concat $names (list "PATH" "PYTHONPATH" "DJANGO_SETTINGS_MODULE" "METRICS_PORT" "SECRET_KEY_FALLBACKS") -}}
{{- range $name := list "DATABASE" "REDIS" }}{{ $names = concat $names (list (printf "%s_CA_FILE" $name) (printf "%s_CERT_FILE" $name) (printf "%s_KEY_FILE" $name)) }}{{ end -}}
{{- range $name := list "CERT_FILE" "KEY_FILE" "CLIENT_AUTH" "CLIENT_CA_FILE" "CLIENT_NAMES" }}{{ $names = append $names (printf "TLS_%s" $name) }}{{ end -}}
{{- range $name := list "BUCKET" "ENDPOINT" "REGION" "CA_FILE" "ACCESS_KEY_ID" "SECRET_ACCESS_KEY" }}{{ $names = append $names (printf "STORAGE_S3_%s" $name) }}{{ end -}}
{{- range include "api.serverEnv" . | fromYamlArray }}{{ $names = append $names .name }}{{ end -}}
{{- $bare := list -}}
{{- range $names }}{{ $bare = append $bare (trimSuffix "_FILE" .) }}{{ end -}}
{{- toJson $bare -}}
{{- end -}}

{{- define "api.problemsOfVariables" -}}
{{- $own := include "api.variables" . | fromJsonArray }}
{{- $names := list }}
{{- range $key, $variables := dict "extraEnv" .Values.extraEnv "api.extraEnv" .Values.api.extraEnv }}
{{- range $variables }}
{{- $names = append $names .name }}
{{- if has (trimSuffix "_FILE" .name) $own }}
{{ $key }} sets {{ .name }}, which the chart sets itself: change the value that it comes from, or the Secret.
{{- end }}
{{- end }}
{{- end }}
{{- range $name := uniq $names }}
{{- if gt (sub (len $names) (len (without $names $name))) 1 }}
extraEnv and api.extraEnv name {{ $name }} more than once: keep one, because a container takes only the last.
{{- end }}
{{- end }}
{{- end -}}

{{- define "api.problemsOfSecrets" -}}
{{- $migrates := ne .Values.migrations.mode "off" -}}
{{- with .Values.secrets }}
{{- if eq .provider "existing" }}
{{- if not .existing.name }}
secrets.existing.name is empty: name the Secret that holds SECRET_KEY, JWT_SIGNING_KEY, DATABASE_URL and REDIS_URL, or choose another secrets.provider.
{{- end }}
{{- if and $migrates (not .existing.ownerName) }}
secrets.existing.ownerName is empty: name the Secret that holds DATABASE_OWNER_URL, or set migrations.mode to off.
{{- end }}
{{- if and .existing.name (eq .existing.name .existing.ownerName) }}
secrets.existing.ownerName is the same Secret as secrets.existing.name: keep DATABASE_OWNER_URL in a Secret of its own, which only migrations mount.
{{- end }}
{{- else if eq .provider "externalSecret" }}
{{- range $key := list "storeName" "entry" }}
{{- if not (index $.Values.secrets.externalSecret $key) }}
secrets.externalSecret.{{ $key }} is empty: it says where the operator finds the service's secrets.
{{- end }}
{{- end }}
{{- if and $migrates (not .externalSecret.ownerEntry) }}
secrets.externalSecret.ownerEntry is empty: it names the entry that holds DATABASE_OWNER_URL. Or set migrations.mode to off.
{{- end }}
{{- else }}
{{- range $key := list "secretKey" "jwtSigningKey" "databaseUrl" "redisUrl" }}
{{- if not (index $.Values.secrets.inline $key) }}
secrets.inline.{{ $key }} is empty: with secrets.provider inline every secret is given there.
{{- end }}
{{- end }}
{{- if and $migrates (not .inline.databaseOwnerUrl) }}
secrets.inline.databaseOwnerUrl is empty: migrations need the role that owns the tables. Or set migrations.mode to off.
{{- end }}
{{- range splitList "," .inline.jwtSigningKey }}
{{- if and $.Values.secrets.inline.jwtSigningKey (lt (len .) 32) }}
secrets.inline.jwtSigningKey has a part of fewer than 32 bytes: make one with `openssl rand -hex 32`.
{{- end }}
{{- end }}
{{- if and (or $.Values.redis.ca.secretName $.Values.redis.clientCertificate) .inline.redisUrl (not (hasPrefix "rediss://" .inline.redisUrl)) }}
secrets.inline.redisUrl does not begin with rediss://, though redis.ca.secretName or redis.clientCertificate asks for a verified connection.
{{- end }}
{{- end }}
{{- end }}
{{- if ne .Values.secrets.provider "inline" }}
{{- range $key, $secret := .Values.secrets.inline }}
{{- if $secret }}
secrets.inline.{{ $key }} is set, but secrets.provider is {{ $.Values.secrets.provider }}: leave it out, so that no secret lies in a values file for nothing.
{{- end }}
{{- end }}
{{- end }}
{{- if le (int .Values.migrations.activeDeadlineSeconds) (int .Values.migrations.lockTimeoutSeconds) }}
migrations.activeDeadlineSeconds ({{ .Values.migrations.activeDeadlineSeconds }}) is not longer than migrations.lockTimeoutSeconds ({{ .Values.migrations.lockTimeoutSeconds }}): the Job would end before it could say what it waits for.
{{- end }}
{{- end -}}

{{- define "api.problemsOfRoutes" -}}
{{- with .Values.gateway }}
{{- if and .enabled (eq (include "api.milliseconds" .requestTimeout) "0") }}
gateway.requestTimeout is {{ .requestTimeout }}, which is none at all: set it to a time that requests may take, such as 25s.
{{- end }}
{{- if and .enabled .redirect.enabled .parentRefs (eq (toJson .redirect.parentRefs) (toJson .parentRefs)) }}
gateway.redirect.parentRefs is the same as gateway.parentRefs: name the listener of plain HTTP there, or https would be sent to itself.
{{- end }}
{{- if and .enabled (not .parentRefs) }}
gateway.parentRefs is empty: name the Gateway that the HTTPRoute belongs to, such as {name: shared, namespace: gateway-system}.
{{- end }}
{{- if and .enabled (not .hostnames) }}
gateway.hostnames is empty: name the hosts that are routed to the API.
{{- end }}
{{- if and .enabled (gt (include "api.milliseconds" .requestTimeout | int64) (mul 1000 (int64 $.Values.api.shutdown.drainSeconds))) }}
gateway.requestTimeout is {{ .requestTimeout }}, but api.shutdown.drainSeconds is {{ $.Values.api.shutdown.drainSeconds }}: a rollout would cut off requests that the gateway still waits for, so lower the one or raise the other.
{{- end }}
{{- if and .enabled .redirect.enabled (not .redirect.parentRefs) }}
gateway.redirect.parentRefs is empty: name the listener of plain HTTP whose requests are sent to https.
{{- end }}
{{- if and .enabled (include "api.servesTls" $) (not .backendTLS.caName) }}
gateway.backendTLS.caName is empty, though tls.mode is {{ $.Values.tls.mode }}: the gateway has to know the authority of the pods' certificate.
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
ingress.hosts is empty: name the hosts that are routed to the API.
{{- end }}
{{- range $key := list "gateway" "ingress" }}
{{- if and (index $.Values $key).enabled (eq (int $.Values.config.trustedProxyCount) 0) }}
config.trustedProxyCount is 0, but {{ $key }}.enabled puts a proxy in front: set it to 1 or more, or all callers share one address.
{{- end }}
{{- end }}
{{- range $key := list "nodePort" "externalTrafficPolicy" }}
{{- if and (eq $.Values.api.service.type "ClusterIP") (index $.Values.api.service $key) }}
api.service.{{ $key }} is set, but api.service.type is ClusterIP: it holds for NodePort and LoadBalancer.
{{- end }}
{{- end }}
{{- range $key := list "loadBalancerClass" "loadBalancerSourceRanges" }}
{{- if and (ne $.Values.api.service.type "LoadBalancer") (index $.Values.api.service $key) }}
api.service.{{ $key }} is set, but api.service.type is {{ $.Values.api.service.type }}: it holds for LoadBalancer.
{{- end }}
{{- end }}
{{- if and (eq .Values.pods.dnsPolicy "None") (not .Values.pods.dnsConfig.nameservers) }}
pods.dnsPolicy is None, but pods.dnsConfig has no nameservers: pods would find no name.
{{- end }}
{{- if and (eq .Values.api.docs.exposure "public") (not .Values.api.docs.enabled) }}
api.docs.exposure is public, but api.docs.enabled is false: enable the docs, or leave them internal.
{{- end }}
{{- end -}}

{{- define "api.problemsOfTls" -}}
{{- with .Values.tls }}
{{- if and (eq .mode "existing") (not .secretName) }}
tls.secretName is empty: with tls.mode existing it names the Secret (tls.crt, tls.key) that pods serve.
{{- end }}
{{- if and (eq .mode "certManager") (not .certManager.issuerName) }}
tls.certManager.issuerName is empty: name the Issuer or ClusterIssuer that signs the pods' certificate.
{{- end }}
{{- if and .secretName (ne .mode "existing") }}
tls.secretName is {{ .secretName }}, but tls.mode is {{ .mode }}: set it to existing, or leave the Secret out.
{{- end }}
{{- if and .certManager.issuerName (ne .mode "certManager") }}
tls.certManager.issuerName is {{ .certManager.issuerName }}, but tls.mode is {{ .mode }}: set it to certManager, or leave the issuer out.
{{- end }}
{{- if lt (include "api.milliseconds" .certManager.duration | int64) 3600000 }}
tls.certManager.duration is {{ .certManager.duration }}: cert-manager issues for an hour or more.
{{- end }}
{{- $least := include "api.milliseconds" .certManager.renewBefore | int64 }}
{{- if lt $least 300000 }}
tls.certManager.renewBefore is {{ .certManager.renewBefore }}: cert-manager asks for five minutes or more.
{{- end }}
{{- if ge $least (include "api.milliseconds" .certManager.duration | int64) }}
tls.certManager.renewBefore ({{ .certManager.renewBefore }}) is not less than tls.certManager.duration ({{ .certManager.duration }}): the certificate would be renewed without end.
{{- end }}
{{- if and (ne .clientAuth "none") (not (include "api.servesTls" $)) }}
tls.clientAuth is {{ .clientAuth }}, but with tls.mode {{ .mode }} the pods serve no TLS: set tls.mode to existing or certManager. In a mesh the mesh verifies clients.
{{- end }}
{{- if and .clientNames (eq .clientAuth "none") }}
tls.clientNames is set, but tls.clientAuth is none: set it to request or require.
{{- end }}
{{- if and (eq $.Values.api.server "granian") (include "api.servesTls" $) }}
api.server is granian, but with tls.mode {{ .mode }} the pods serve TLS themselves: set it to gunicorn, or leave TLS to a mesh (tls.mode mesh).
{{- end }}
{{- end }}
{{- with .Values.database }}
{{- if and .clientCertificate (not .ca.secretName) (not .ca.system) }}
database.ca.secretName is empty, though database.clientCertificate is {{ .clientCertificate }}: name the Secret with the authority of PostgreSQL's certificate, or nobody verifies the server that sees it.
{{- end }}
{{- if and .ca.system .ca.secretName }}
database.ca.system is true, but database.ca.secretName is {{ .ca.secretName }}: trust either the public authorities or the one in the Secret.
{{- end }}
{{- end }}
{{- end -}}

{{- define "api.problemsOfScaling" -}}
{{- with .Values.api.autoscaling }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
api.autoscaling.minReplicas ({{ .minReplicas }}) is more than api.autoscaling.maxReplicas ({{ .maxReplicas }}).
{{- end }}
{{- if not (or .cpuPercent .memoryPercent .metrics) }}
api.autoscaling has neither cpuPercent nor memoryPercent nor metrics: set one, so that there is something to scale by.
{{- end }}
{{- if and .cpuPercent (not (dig "requests" "cpu" "" $.Values.api.resources)) }}
api.autoscaling.cpuPercent is a share of api.resources.requests.cpu, which is not set.
{{- end }}
{{- if and .memoryPercent (not (dig "requests" "memory" "" $.Values.api.resources)) }}
api.autoscaling.memoryPercent is a share of api.resources.requests.memory, which is not set.
{{- end }}
{{- end }}
{{- end }}
{{- if le (int .Values.api.progressDeadlineSeconds) (int .Values.api.minReadySeconds) }}
api.progressDeadlineSeconds ({{ .Values.api.progressDeadlineSeconds }}) is not more than api.minReadySeconds ({{ .Values.api.minReadySeconds }}): no rollout could end in time, so raise the former.
{{- end }}
{{- if and .Values.api.args (not .Values.api.command) }}
{{- if hasPrefix "-" (first .Values.api.args) }}
api.args begins with {{ first .Values.api.args }}, but the image has no entrypoint that it could go to: give the whole command in api.command.
{{- end }}
{{- end }}
{{- $pods := int (ternary .Values.api.autoscaling.minReplicas .Values.api.replicas .Values.api.autoscaling.enabled) }}
{{- with .Values.api.pdb }}
{{- if .enabled }}
{{- $least := include "api.share" .minAvailable }}
{{- $most := include "api.share" .maxUnavailable }}
{{- if and $least $most }}
api.pdb has both minAvailable and maxUnavailable: empty one of them.
{{- end }}
{{- if not (or $least $most) }}
api.pdb has neither minAvailable nor maxUnavailable: set one, or api.pdb.enabled to false.
{{- end }}
{{- $needed := int (trimSuffix "%" $least) }}
{{- if hasSuffix "%" $least }}{{ $needed = div (add (mul $needed $pods) 99) 100 }}{{ end }}
{{- if and $least (ge (int $needed) $pods) }}
api.pdb.minAvailable ({{ $least }}) is not less than the number of pods ({{ $pods }}): no node could ever be drained.
{{- end }}
{{- if regexMatch "^0+%?$" $most }}
api.pdb.maxUnavailable is {{ $most }}: no node could ever be drained. Set it to 1 or more, or api.pdb.enabled to false.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "api.problemsOfResources" -}}
{{- range $key, $resources := dict "api.resources" .Values.api.resources "migrations.resources" .Values.migrations.resources }}
{{- range $name, $request := $resources.requests }}
{{- with dig "limits" $name "" $resources }}
{{- if gt (include "api.quantity" $request | float64) (include "api.quantity" . | float64) }}
{{ $key }}.requests.{{ $name }} ({{ $request }}) is more than {{ $key }}.limits.{{ $name }} ({{ . }}): raise the limit as well.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "api.problemsOfStorage" -}}
{{- with .Values.storage.s3 }}
{{- if .enabled }}
{{- range $key := list "bucket" "region" }}
{{- if not (index $.Values.storage.s3 $key) }}
storage.s3.{{ $key }} is empty, though storage.s3.enabled is true.
{{- end }}
{{- end }}
{{- $port := regexFind ":[0-9]+$" (urlParse .endpoint).host | trimPrefix ":" | default (ternary "80" "443" (hasPrefix "http://" .endpoint)) }}
{{- $closed := and $.Values.networkPolicy.enabled (not $.Values.networkPolicy.extraEgress) (not .network.namespace) (not .network.podLabels) }}
{{- if and $closed (ne (toString .network.port) $port) }}
storage.s3.network.port is {{ .network.port }}, but storage.s3.endpoint is {{ .endpoint }}: set it to {{ $port }}, or the network policies keep pods from the store.
{{- end }}
{{- if and (eq .auth "keys") (eq $.Values.secrets.provider "inline") (not (and $.Values.secrets.inline.s3AccessKeyId $.Values.secrets.inline.s3SecretAccessKey)) }}
secrets.inline.s3AccessKeyId or s3SecretAccessKey is empty, though storage.s3.auth is keys: give both, or set storage.s3.auth to identity.
{{- end }}
{{- end }}
{{- end }}
{{- range $key, $port := dict "api.service.port" .Values.api.service.port "the API's own port" 8000 }}
{{- if and $.Values.metrics.enabled (eq (int $.Values.metrics.port) (int $port)) }}
metrics.port is {{ $port }}, like {{ $key }}: give metrics a port of their own.
{{- end }}
{{- end }}
{{- with .Values.metrics.serviceMonitor }}
{{- if gt (include "api.milliseconds" .scrapeTimeout | int64) (include "api.milliseconds" .interval | int64) }}
metrics.serviceMonitor.scrapeTimeout ({{ .scrapeTimeout }}) is longer than metrics.serviceMonitor.interval ({{ .interval }}): Prometheus refuses that.
{{- end }}
{{- end }}
{{- if and (or .Values.metrics.serviceMonitor.enabled .Values.metrics.prometheusRule.enabled .Values.metrics.dashboards.enabled) (not .Values.metrics.enabled) }}
metrics.serviceMonitor, prometheusRule or dashboards is enabled, but metrics.enabled is false: there would be nothing to read.
{{- end }}
{{- end -}}

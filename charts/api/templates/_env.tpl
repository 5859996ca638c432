{{/* The environment of every process. Secrets are files: NAME_FILE names them. */}}

{{/* Hosts that requests may name, as a JSON list: the declared ones and the Service's own names. */}}
{{- define "api.hosts" -}}
{{- $service := include "api.fullname" . -}}
{{- $hosts := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) -}}
{{- $hosts = concat $hosts (list (printf "%s.%s.svc.%s" $service .Release.Namespace .Values.clusterDomain)) .Values.config.allowedHosts -}}
{{- if .Values.gateway.enabled }}{{ $hosts = concat $hosts .Values.gateway.hostnames }}{{ end -}}
{{- if .Values.ingress.enabled }}{{ $hosts = concat $hosts .Values.ingress.hosts }}{{ end -}}
{{- $hosts = append $hosts (regexReplaceAll ":[0-9]+$" (urlParse .Values.config.publicUrl).host "") -}}
{{- without (uniq $hosts) "" | toJson -}}
{{- end -}}

{{/* What is no secret, as the data of a ConfigMap. */}}
{{- define "api.config" -}}
{{- $config := .Values.config -}}
ENVIRONMENT: {{ .Values.environment }}
PUBLIC_URL: {{ $config.publicUrl | quote }}
ALLOWED_HOSTS: {{ include "api.hosts" . | fromJsonArray | join "," | replace "*." "." | quote }}
CSRF_TRUSTED_ORIGINS: {{ join "," $config.csrfTrustedOrigins | quote }}
CORS_ALLOWED_ORIGINS: {{ join "," $config.corsAllowedOrigins | quote }}
TRUSTED_PROXY_COUNT: {{ $config.trustedProxyCount | quote }}
LOG_LEVEL: {{ $config.logLevel }}
MAX_BODY_BYTES: {{ $config.maxBodyBytes | int64 | quote }}
ACCESS_TOKEN_SECONDS: {{ $config.accessTokenSeconds | int64 | quote }}
REFRESH_TOKEN_SECONDS: {{ $config.refreshTokenSeconds | int64 | quote }}
{{- range $name, $rate := $config.throttle }}
THROTTLE_{{ $name | snakecase | upper }}: {{ $rate | quote }}
{{- end }}
{{ .Values.api.docs.env_var }}: {{ .Values.api.docs.enabled | quote }}
STORAGE_S3_ENABLED: {{ .Values.storage.s3.enabled | quote }}
{{- with .Values.storage.s3 }}
{{- if .enabled }}
STORAGE_S3_BUCKET: {{ .bucket | quote }}
STORAGE_S3_ENDPOINT: {{ .endpoint | quote }}
STORAGE_S3_REGION: {{ .region | quote }}
{{- if .ca.secretName }}
STORAGE_S3_CA_FILE: /run/certificates/storage/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.database.ca.system }}
DATABASE_CA_FILE: system
{{- end }}
{{- range $name := list "database" "redis" }}
{{- $store := index $.Values $name }}
{{- if $store.ca.secretName }}
{{ upper $name }}_CA_FILE: /run/certificates/{{ $name }}/ca.crt
{{- end }}
{{- if $store.clientCertificate }}
{{ upper $name }}_CERT_FILE: /run/certificates/{{ $name }}/tls.crt
{{ upper $name }}_KEY_FILE: /run/certificates/{{ $name }}/tls.key
{{- end }}
{{- end }}
{{- end -}}

{{/* Names of the secrets that every process reads, as a JSON list. */}}
{{- define "api.secretKeys" -}}
{{- $keys := list "SECRET_KEY" "JWT_SIGNING_KEY" "DATABASE_URL" "REDIS_URL" -}}
{{- if .Values.secrets.withFallbacks }}{{ $keys = append $keys "SECRET_KEY_FALLBACKS" }}{{ end -}}
{{- if and .Values.storage.s3.enabled (eq .Values.storage.s3.auth "keys") -}}
{{- $keys = concat $keys (list "STORAGE_S3_ACCESS_KEY_ID" "STORAGE_S3_SECRET_ACCESS_KEY") -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{/* The data of the Secrets, with `provider: inline`. */}}
{{- define "api.inlineSecrets" -}}
{{- $inline := .Values.secrets.inline -}}
SECRET_KEY: {{ $inline.secretKey | quote }}
JWT_SIGNING_KEY: {{ $inline.jwtSigningKey | quote }}
DATABASE_URL: {{ $inline.databaseUrl | quote }}
REDIS_URL: {{ $inline.redisUrl | quote }}
{{- if .Values.secrets.withFallbacks }}
SECRET_KEY_FALLBACKS: {{ $inline.secretKeyFallbacks | quote }}
{{- end }}
{{- if and .Values.storage.s3.enabled (eq .Values.storage.s3.auth "keys") }}
STORAGE_S3_ACCESS_KEY_ID: {{ $inline.s3AccessKeyId | quote }}
STORAGE_S3_SECRET_ACCESS_KEY: {{ $inline.s3SecretAccessKey | quote }}
{{- end }}
{{- end -}}

{{/* The Secret that every process mounts, and the one that only migrations mount. */}}
{{- define "api.secretName" -}}
{{- if eq .Values.secrets.provider "existing" }}{{ .Values.secrets.existing.name }}{{ else }}{{ include "api.fullname" . }}{{ end -}}
{{- end -}}

{{- define "api.ownerSecretName" -}}
{{- if eq .Values.secrets.provider "existing" }}{{ .Values.secrets.existing.ownerName }}{{ else }}{{ include "api.fullname" . }}-owner{{ end -}}
{{- end -}}

{{/* One file for each secret. Takes the list of their names. */}}
{{- define "api.secretFiles" -}}
{{- range . }}
- name: {{ . }}_FILE
  value: /run/secrets/slipway/{{ . }}
{{- end }}
{{- end -}}

{{/* What only the process that serves is told. */}}
{{- define "api.serverEnv" -}}
- name: WEB_SERVER
  value: {{ .Values.api.server }}
- name: WEB_CONCURRENCY
  value: {{ .Values.api.processes | quote }}
- name: WEB_THREADS
  value: {{ .Values.api.threads | quote }}
- name: DRAIN_SECONDS
  value: {{ .Values.api.shutdown.drainSeconds | int64 | quote }}
{{- if .Values.metrics.enabled }}
- name: METRICS_PORT
  value: {{ .Values.metrics.port | quote }}
{{- end }}
{{- if include "api.servesTls" . }}
- name: TLS_CERT_FILE
  value: /run/certificates/server/tls.crt
- name: TLS_KEY_FILE
  value: /run/certificates/server/tls.key
- name: TLS_CLIENT_AUTH
  value: {{ .Values.tls.clientAuth }}
{{- if ne .Values.tls.clientAuth "none" }}
- name: TLS_CLIENT_CA_FILE
  value: /run/certificates/clients/ca.crt
- name: TLS_CLIENT_NAMES
  value: {{ join "," .Values.tls.clientNames | quote }}
{{- end }}
{{- end }}
{{- end -}}

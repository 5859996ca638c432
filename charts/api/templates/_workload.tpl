{{/* One pod for all workloads: restricted, read-only, without a token. */}}

{{/* The image, its confinement and its environment. Takes {root} and, where they differ, {configName, migrates, serves}. */}}
{{- define "api.process" -}}
{{- $root := .root -}}
image: {{ include "api.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
# What a process says last is what `kubectl describe` shows.
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
envFrom:
  - configMapRef:
      name: {{ .configName | default (include "api.fullname" $root) }}
{{- if .serves }}
  {{- with $root.Values.api.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
env:
  {{- include "api.secretFiles" (include "api.secretKeys" $root | fromJsonArray) | trim | nindent 2 }}
  {{- if .migrates }}
  {{- include "api.secretFiles" (list "DATABASE_OWNER_URL") | trim | nindent 2 }}
  - name: MIGRATION_LOCK_TIMEOUT
    value: {{ $root.Values.migrations.lockTimeoutSeconds | int64 | quote }}
  {{- end }}
  {{- if .serves }}
  {{- include "api.serverEnv" $root | nindent 2 }}
  {{- with $root.Values.api.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumeMounts:
  - {name: temporary, mountPath: /tmp}
  - {name: secrets, mountPath: /run/secrets/slipway, readOnly: true}
  {{- if include "api.certificateSources" . }}
  - {name: certificates, mountPath: /run/certificates, readOnly: true}
  {{- end }}
  {{- if .serves }}
  {{- with $root.Values.api.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Where the process finds certificates, as sources of a projected volume. Takes {root, serves}. */}}
{{- define "api.certificateSources" -}}
{{- $values := .root.Values -}}
{{- range $name, $store := dict "database" $values.database "redis" $values.redis "storage" $values.storage.s3 }}
{{- if and $store.ca.secretName (or (ne $name "storage") $store.enabled) }}
- secret:
    name: {{ $store.ca.secretName | quote }}
    items: [{key: {{ $store.ca.key | quote }}, path: {{ $name }}/ca.crt}]
{{- end }}
{{- with $store.clientCertificate }}
- secret:
    name: {{ . | quote }}
    items: [{key: tls.crt, path: {{ $name }}/tls.crt}, {key: tls.key, path: {{ $name }}/tls.key}]
{{- end }}
{{- end }}
{{- if and .serves (include "api.servesTls" .root) }}
- secret:
    name: {{ include "api.tlsSecret" .root | quote }}
    items: [{key: tls.crt, path: server/tls.crt}, {key: tls.key, path: server/tls.key}]
{{- if ne $values.tls.clientAuth "none" }}
- secret:
    name: {{ $values.tls.clientCa.secretName | default (include "api.tlsSecret" .root) | quote }}
    items: [{key: {{ $values.tls.clientCa.key | quote }}, path: clients/ca.crt}]
{{- end }}
{{- end }}
{{- end -}}

{{/* The rest of the pod. Takes what `api.process` takes, and {component}. */}}
{{- define "api.pod" -}}
{{- $root := .root -}}
{{- $pods := $root.Values.pods -}}
serviceAccountName: {{ .serviceAccountName | default (include "api.serviceAccountName" $root) | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat $root.Values.global.imagePullSecrets $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range uniq . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with $pods.userId }}
  runAsUser: {{ . | int64 }}
  runAsGroup: {{ . | int64 }}
  fsGroup: {{ . | int64 }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- range $key := list "nodeSelector" "tolerations" "hostAliases" "dnsConfig" }}
{{- with index $pods $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- range $key := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
{{- with index $pods $key }}
{{ $key }}: {{ . | quote }}
{{- end }}
{{- end }}
affinity:
  {{- if $pods.affinity }}
  {{- toYaml $pods.affinity | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "api.selector" . | nindent 14 }}
  {{- end }}
topologySpreadConstraints:
  {{- if $pods.topologySpreadConstraints }}
  {{- toYaml $pods.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "api.selector" . | nindent 8 }}
  {{- end }}
volumes:
  - name: temporary
    emptyDir: {sizeLimit: {{ $pods.temporarySize }}}
  - name: secrets
    projected:
      defaultMode: 0440
      sources:
        - secret:
            name: {{ .secretName | default (include "api.secretName" $root) | quote }}
            items:
              {{- range include "api.secretKeys" $root | fromJsonArray }}
              - {key: {{ . }}, path: {{ . }}}
              {{- end }}
        {{- if .migrates }}
        - secret:
            name: {{ .ownerSecretName | default (include "api.ownerSecretName" $root) | quote }}
            items: [{key: DATABASE_OWNER_URL, path: DATABASE_OWNER_URL}]
        {{- end }}
  {{- with include "api.certificateSources" . }}
  - name: certificates
    projected:
      defaultMode: 0440
      sources:
        {{- . | trim | nindent 8 }}
  {{- end }}
  {{- if .serves }}
  {{- with $root.Values.api.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* A Job's pod: it runs once. Takes what `api.pod` takes. */}}
{{- define "api.jobPod" -}}
{{ include "api.pod" . }}
restartPolicy: Never
{{- with .root.Values.jobs.extraInitContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Its metadata. */}}
{{- define "api.jobPodMetadata" -}}
{{ include "api.podMetadata" (merge (dict "annotations" .root.Values.jobs.podAnnotations) .) }}
{{- end -}}

{{/* The pod's metadata: what it was told is part of it, so that a change rolls it. Takes {root, component, annotations, labels}. */}}
{{- define "api.podMetadata" -}}
{{- $values := .root.Values -}}
labels:
  {{- include "api.selector" . | nindent 2 }}
  {{- with merge (dict) (.labels | default dict) $values.pods.labels $values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/config: {{ include "api.config" .root | sha256sum }}
  {{- if eq $values.secrets.provider "inline" }}
  checksum/secret: {{ include "api.inlineSecrets" .root | sha256sum }}
  {{- end }}
  {{- with $values.secrets.revision }}
  slipway.example/secrets-revision: {{ . | quote }}
  {{- end }}
  {{- with merge (dict) (.annotations | default dict) $values.pods.annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

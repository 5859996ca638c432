{{/* Texts of Kubernetes as numbers that can be compared. */}}

{{/* A number or percentage as text, nothing for null. */}}
{{- define "api.share" -}}
{{- if not (kindIs "invalid" .) }}{{ toString . }}{{ end -}}
{{- end -}}

{{/* A quantity of Kubernetes as a plain number. */}}
{{- define "api.quantity" -}}
{{- $factors := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "[A-Za-z]*$" (toString .) -}}
{{- mulf (toString . | trimSuffix $unit | float64) (index $factors $unit | float64) -}}
{{- end -}}

{{/* A duration such as 1h30m in milliseconds. */}}
{{- define "api.milliseconds" -}}
{{- $factors := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h|d|w|y)" . -1 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- $sum = add $sum (mul (trimSuffix $unit . | int64) (index $factors $unit)) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}

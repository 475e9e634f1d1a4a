{{- define "spark-ui-gateway.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "spark-ui-gateway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spark-ui-gateway.labels" -}}
{{ include "spark-ui-gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* repository, tag and digest of an image; the tag defaults to the chart's appVersion. */}}
{{- define "spark-ui-gateway.image" -}}
{{- $image := index . 0 -}}
{{- $root := index . 1 -}}
{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* Where the pages of ended jobs begin; empty when there is no History Server. */}}
{{- define "spark-ui-gateway.historyRoot" -}}
{{- if .Values.historyServer.service -}}
/shs
{{- else -}}
{{ .Values.historyServer.url | trimSuffix "/" }}
{{- end -}}
{{- end -}}

{{/* The namespace in name.namespace.svc:port; the release's own in name:port. */}}
{{- define "spark-ui-gateway.historyNamespace" -}}
{{- $parts := splitList "." (splitList ":" .Values.historyServer.service | first) -}}
{{- if gt (len $parts) 1 }}{{ index $parts 1 }}{{ else }}{{ .Release.Namespace }}{{ end -}}
{{- end -}}

{{/* What each container may not do. */}}
{{- define "spark-ui-gateway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What a schema cannot say: values that must fit each other. All mistakes are told at once. */}}
{{- define "spark-ui-gateway.check" -}}
{{- $problems := list -}}
{{- with .Values -}}
{{- if ge (int .podDisruptionBudget.maxUnavailable) (int .replicas) -}}
{{- $problems = append $problems "podDisruptionBudget.maxUnavailable must be less than replicas" -}}
{{- end -}}
{{- if gt (int .driver.lowestPort) (int .driver.highestPort) -}}
{{- $problems = append $problems "driver.lowestPort is above driver.highestPort" -}}
{{- end -}}
{{- if gt (int .sidecar.watch.shortestSeconds) (int .sidecar.watch.longestSeconds) -}}
{{- $problems = append $problems "sidecar.watch.shortestSeconds is above longestSeconds" -}}
{{- end -}}
{{- if and .historyServer.service .historyServer.url -}}
{{- $problems = append $problems "historyServer takes service or url, not both" -}}
{{- end -}}
{{- if and .targetGroup.arn (ne .service.type "ClusterIP") -}}
{{- $problems = append $problems "targetGroup.arn binds pods: service.type must be ClusterIP" -}}
{{- end -}}
{{- end -}}
{{- with $problems }}{{ fail (printf "\n%s" (join "\n" .)) }}{{ end -}}
{{- end -}}

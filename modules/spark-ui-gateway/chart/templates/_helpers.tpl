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

{{/* Connections of one NGINX worker: any one may hold all requests with their two connections each,
and as many again and more that only begin to ask. */}}
{{- define "spark-ui-gateway.workerConnections" -}}
{{- add 2048 (mul 2 (int .Values.nginx.mostConnections)) -}}
{{- end -}}

{{/* What each container may not do. */}}
{{- define "spark-ui-gateway.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* A quantity of memory, in whole MiB, rounded down. */}}
{{- define "spark-ui-gateway.mebibytes" -}}
{{- $text := toString . -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- $bytes := dict "m" 0.001 "" 1.0 "k" 1e3 "M" 1e6 "G" 1e9 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 -}}
{{- divf (mulf (float64 (trimSuffix $unit $text)) (get $bytes $unit)) 1048576.0 | floor | int64 -}}
{{- end -}}

{{/* What NGINX needs when every connection holds the most that it can (MiB): requests that are
answered, with 160 KiB of buffers, 64 KiB of headers and half a MiB in the kernel; and the other
connections of all workers, with 70 KiB of a request that is not yet whole. */}}
{{- define "spark-ui-gateway.nginxMemory" -}}
{{- $most := int .Values.nginx.mostConnections -}}
{{- $all := mul (int .Values.nginx.workers) (int (include "spark-ui-gateway.workerConnections" .)) -}}
{{- add 16 (mul 4 (int .Values.nginx.workers)) (div (add (mul 720 $most) (mul 70 (sub $all (mul 2 $most)))) 1024) -}}
{{- end -}}

{{/* The same of the sidecar: a process, and 10 KiB a driver of tmpfs and of itself. */}}
{{- define "spark-ui-gateway.sidecarMemory" -}}
{{- add 64 (div (mul 10 (int .Values.sidecar.maxDrivers)) 1024) -}}
{{- end -}}

{{/* What is wrong with a block: bits behind its prefix. IPv6 is left to the sidecar. */}}
{{- define "spark-ui-gateway.hostBits" -}}
{{- if not (contains ":" .) -}}
{{- $parts := splitList "/" . -}}
{{- $address := 0 -}}
{{- range splitList "." (first $parts) }}{{ $address = add (mul 256 $address) (int .) }}{{ end -}}
{{- $size := 1 -}}
{{- range until (int (sub 32 (int (last $parts)))) }}{{ $size = mul 2 $size }}{{ end -}}
{{- if ne 0 (int64 (mod $address $size)) }}{{ . }}{{ end -}}
{{- end -}}
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
{{- range concat .podBlocks .nginx.trustedProxies .networkPolicy.clientBlocks .networkPolicy.apiServerBlocks -}}
{{- with include "spark-ui-gateway.hostBits" . -}}
{{- $problems = append $problems (printf "%s is no block: it has bits set behind its prefix" .) -}}
{{- end -}}
{{- end -}}
{{- range list (list "nginx" .nginx "nginxMemory" "mostConnections, workers") (list "sidecar" .sidecar "sidecarMemory" "maxDrivers") -}}
{{- $need := include (printf "spark-ui-gateway.%s" (index . 2)) $ | int64 -}}
{{- $limit := dig "resources" "limits" "memory" "" (index . 1) -}}
{{- if and $limit (lt (include "spark-ui-gateway.mebibytes" $limit | int64) $need) -}}
{{- $problems = append $problems (printf "%s.resources.limits.memory is %v, less than the %dMi that %s.%s can take" (index . 0) $limit $need (index . 0) (index . 3)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $problems }}{{ fail (printf "\n%s" (join "\n" .)) }}{{ end -}}
{{- end -}}

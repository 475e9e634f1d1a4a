{{- define "spark-namespaces.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/part-of: cellfactory
{{- end -}}

{{/* A Role and its binding; takes a dict of root, namespace, name, subject and rules. */}}
{{- define "spark-namespaces.role" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name | quote }}
  namespace: {{ .namespace | quote }}
  labels: {{- include "spark-namespaces.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name | quote }}
  namespace: {{ .namespace | quote }}
  labels: {{- include "spark-namespaces.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name | quote }}}
subjects: {{- list .subject | toYaml | nindent 2 }}
{{- end -}}

{{/* What a driver does in its namespace: its executors, its service, its files. */}}
{{- define "spark-namespaces.driverRules" -}}
- apiGroups: [""]
  resources: [pods, configmaps, persistentvolumeclaims, services]
  verbs: [get, list, watch, create, update, patch, delete, deletecollection]
{{- end -}}

{{- define "spark-namespaces.viewerRules" -}}
- apiGroups: [sparkoperator.k8s.io]
  resources: [sparkapplications, scheduledsparkapplications, sparkconnects]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods, pods/log, services, events]
  verbs: [get, list, watch]
{{- end -}}

{{/* No pods, no secrets and no way into a container: a job is what the operator makes of it. */}}
{{- define "spark-namespaces.submitterRules" -}}
- apiGroups: [sparkoperator.k8s.io]
  resources: [sparkapplications, scheduledsparkapplications, sparkconnects]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [""]
  resources: [pods, pods/log, services, events]
  verbs: [get, list, watch]
{{- end -}}

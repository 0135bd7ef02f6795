{{- define "postern.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "postern.selector" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "postern.labels" -}}
{{ include "postern.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "-" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "postern-%s" .Chart.Version | replace "+" "-" | trunc 63 }}
{{- end }}

{{- define "postern.image" -}}
{{ required "image.repository: where is the image?" .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion | replace "+" "-" }}
{{- end }}

{{- /* What both kinds of Pods have: an account of its own, nothing to write to, and no word with the cluster. */ -}}
{{- define "postern.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
volumes:
  - name: data
    emptyDir: {}
  - name: tmp
    emptyDir: {}
  {{- with .Values.database.caConfigMap }}
  - name: database-ca
    configMap: {name: {{ . | quote }}}
  {{- end }}
{{- end }}

{{- define "postern.container" -}}
image: {{ include "postern.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: data, mountPath: /data}
  - {name: tmp, mountPath: /tmp}
  {{- if .Values.database.caConfigMap }}
  - {name: database-ca, mountPath: /etc/postern/database-ca, readOnly: true}
  {{- end }}
{{- end }}

{{- define "postern.databaseUrl" -}}
- name: POSTERN_DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ .Values.database.secret | quote }}, key: {{ .Values.database.urlKey | quote }}}
{{- end }}

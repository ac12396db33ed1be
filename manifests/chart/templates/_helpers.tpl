{{- define "firebreak.labels" -}}
app.kubernetes.io/name: firebreak
app.kubernetes.io/part-of: firebreak
{{- end }}

{{- define "firebreak.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{/* The configuration of the program: what the chart knows, under what is given. */}}
{{- define "firebreak.config" -}}
{{- $certificates := dict -}}
{{- if eq .Values.certificates.mode "SelfSigned" -}}
{{- $webhooks := list "firebreak" -}}
{{- if .Values.webhooks.guardDeletions -}}
{{- $webhooks = append $webhooks "firebreak-deletions" -}}
{{- end -}}
{{- $certificates = dict "mode" "SelfSigned" "secret" .Values.certificates.secret "service" "firebreak" "webhooks" $webhooks -}}
{{- else -}}
{{- $certificates = dict "mode" "Files" "certificate" "/etc/firebreak-tls/tls.crt" "key" "/etc/firebreak-tls/tls.key" -}}
{{- end -}}
{{- $config := dict "listen" "0.0.0.0:9443" "ops" "0.0.0.0:9080" "namespace" .Release.Namespace "certificates" $certificates -}}
{{- if or .Values.accounts.tools .Values.accounts.operators -}}
{{- $_ := set $config "accounts" .Values.accounts -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) -}}
{{- end }}

{{/* A generated configuration of webhooks, with what the values say otherwise. */}}
{{- define "firebreak.webhooks" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $configuration := .file | $root.Files.Get | fromYaml -}}
{{- $annotations := deepCopy $values.webhooks.annotations -}}
{{- if eq $values.certificates.mode "CertManager" -}}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/firebreak" $root.Release.Namespace) -}}
{{- end -}}
{{- if $annotations -}}
{{- $_ := set $configuration.metadata "annotations" $annotations -}}
{{- end -}}
{{/* They go with the namespace, whoever deletes it; it is not there yet when a first installation makes it. */}}
{{- $namespace := lookup "v1" "Namespace" "" $root.Release.Namespace -}}
{{- if $namespace -}}
{{- $_ := set $configuration.metadata "ownerReferences" (list (dict "apiVersion" "v1" "kind" "Namespace" "name" $root.Release.Namespace "uid" $namespace.metadata.uid)) -}}
{{- end -}}
{{- range $configuration.webhooks -}}
{{- $_ := set .clientConfig.service "namespace" $root.Release.Namespace -}}
{{- $_ := set .clientConfig.service "port" (int $values.service.port) -}}
{{- if and (eq $values.certificates.mode "Files") $values.certificates.caBundle -}}
{{- $_ := set .clientConfig "caBundle" ($values.certificates.caBundle | b64enc) -}}
{{- end -}}
{{- if $.backups -}}
{{- $_ := set . "failurePolicy" $values.backups.failurePolicy -}}
{{- $_ := set . "timeoutSeconds" (int $values.backups.timeoutSeconds) -}}
{{- else if eq .failurePolicy "Fail" -}}
{{- $_ := set . "failurePolicy" $values.webhooks.failurePolicy -}}
{{- $_ := set . "timeoutSeconds" (int $values.webhooks.timeoutSeconds) -}}
{{- else -}}
{{- $_ := set . "timeoutSeconds" (int .timeoutSeconds) -}}
{{- end -}}
{{- if .namespaceSelector -}}
{{- $spared := list "kube-node-lease" "kube-system" $root.Release.Namespace -}}
{{- if not $.backups -}}
{{- $spared = concat $spared $values.webhooks.spareNamespaces -}}
{{- end -}}
{{- $_ := set (first .namespaceSelector.matchExpressions) "values" $spared -}}
{{- end -}}
{{- if .matchConditions -}}
{{- $conditions := .matchConditions -}}
{{- range .matchConditions -}}
{{- if and (eq .name "not-a-chaos-tool") $values.accounts.tools -}}
{{- $conditions = append $conditions (dict "name" "not-a-chaos-tool-of-yours" "expression" (printf "!(request.userInfo.username in %s)" ($values.accounts.tools | toJson))) -}}
{{- end -}}
{{- if and (eq .name "not-a-database-operator") $values.accounts.operators -}}
{{- $conditions = append $conditions (dict "name" "not-an-operator-of-yours" "expression" (printf "!(request.userInfo.username.matches('^system:serviceaccount:[^:]*:(%s)$'))" (join "|" $values.accounts.operators | replace "." "[.]"))) -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "matchConditions" $conditions -}}
{{- end -}}
{{- end -}}
{{ toYaml $configuration }}
{{- end }}

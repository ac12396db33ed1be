#!/usr/bin/env bash
# A throwaway authority, and a certificate of it for the webhook: for trying, not for keeping. It is
# written to the directory that is named, and nowhere else; no key belongs into a repository.
#
#   certs/throwaway.sh DIRECTORY [SERVICE [NAMESPACE [DAYS]]]
set -euo pipefail

directory=${1:?"usage: certs/throwaway.sh DIRECTORY [SERVICE [NAMESPACE [DAYS]]]"}
service=${2:-firebreak}
namespace=${3:-firebreak}
days=${4:-7}

umask 077
mkdir -p "$directory"
cd "$directory"

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.crt -days "$days" \
  -subj "/CN=firebreak throwaway authority" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
openssl req "${new_key[@]}" -keyout tls.key -out tls.csr -subj "/CN=$service.$namespace.svc" 2>/dev/null
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -out tls.crt -extfile <(
  echo "subjectAltName=DNS:$service.$namespace.svc,DNS:$service.$namespace.svc.cluster.local"
  echo "extendedKeyUsage=serverAuth"
  echo "keyUsage=critical,digitalSignature"
  echo "basicConstraints=critical,CA:FALSE"
) 2>/dev/null
rm -f tls.csr ca.srl

echo "$directory: ca.crt, tls.crt and tls.key, good for $days days; then"
echo "  kubectl --namespace $namespace create secret tls firebreak-tls --cert=$directory/tls.crt --key=$directory/tls.key"
echo "  and the authority, base64, as caBundle of each webhook: base64 -w0 $directory/ca.crt"
